//! `floe image …`.

use std::process::ExitCode;

use floe_engine::DataDir;
use floe_image::{ImageError, ImagePath, ImageStore};
use floe_runtime::clock::{Clock as _, SystemClock};

use crate::args::{Global, Image};
use crate::rows;

pub(crate) fn run(global: &Global, command: &Image) -> ExitCode {
    match execute(global, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code());
            ExitCode::FAILURE
        }
    }
}

fn execute(global: &Global, command: &Image) -> Result<(), ImageError> {
    let store = ImageStore::open(DataDir::images(&global.data_dir))?;
    match command {
        Image::Import { dir, reference } => {
            let path = ImagePath::parse(reference)?;
            let image = store.import(dir, &path, SystemClock.now().as_millis())?;
            eprintln!("imported {path} {}", image.digest);
        }
        Image::List { format } => {
            let columns = ["image_path", "digest", "size", "created_on"].map(str::to_owned);
            let images = store.list()?.into_iter().map(|image| {
                vec![
                    Some(image.path.to_string()),
                    Some(image.digest.to_string()),
                    Some(image.size.to_string()),
                    Some(floe_engine::time::local(image.created_ms)),
                ]
            });
            rows::print_all(*format, &columns, &images.collect::<Vec<_>>());
        }
    }
    Ok(())
}
