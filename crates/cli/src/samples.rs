//! The sample images: the sample service of this very executable, as ordinary
//! image layouts imported by the code of `floe image import`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use floe_image::layout::{self, LayerFile, LayoutSpec};
use floe_image::{ImageConfig, ImageError, ImagePath, ImageStore};

/// Label that tells which executable a sample image was made from.
const SOURCE_LABEL: &str = "dev.floe.sample.source";

/// The sample images and the version each says it is.
const SAMPLES: [(&str, &str); 2] = [
    ("/floe/samples/images/echo:v1", "v1"),
    ("/floe/samples/images/echo:v2", "v2"),
];

/// Imports the sample images that are missing, or were made from an older
/// executable. Services that run keep the digest they were created with.
pub(crate) fn ensure(store: &ImageStore, scratch: &Path, now_ms: u64) -> Result<(), ImageError> {
    let Ok(executable) = std::env::current_exe() else {
        return Ok(());
    };
    let Some(identity) = identity(&executable) else {
        return Ok(());
    };
    for (reference, version) in SAMPLES {
        let path = ImagePath::parse(reference)?;
        let up_to_date = store.resolve(&path).is_ok_and(|image| {
            image
                .config
                .labels
                .iter()
                .any(|(key, value)| key == SOURCE_LABEL && *value == identity)
        });
        if !up_to_date {
            import(
                store,
                &path,
                &executable,
                version,
                &identity,
                scratch,
                now_ms,
            )?;
        }
    }
    Ok(())
}

fn import(
    store: &ImageStore,
    path: &ImagePath,
    executable: &Path,
    version: &str,
    identity: &str,
    scratch: &Path,
    now_ms: u64,
) -> Result<(), ImageError> {
    let dir: PathBuf = scratch.join(format!("sample-{version}-{}", std::process::id()));
    let spec = LayoutSpec {
        files: vec![LayerFile::new("/usr/bin/floe", executable, 0o755)],
        config: ImageConfig {
            entrypoint: vec!["/usr/bin/floe".to_owned()],
            cmd: vec!["sample-echo".to_owned()],
            env: vec![("ECHO_VERSION".to_owned(), version.to_owned())],
            working_dir: None,
            labels: vec![(SOURCE_LABEL.to_owned(), identity.to_owned())],
        },
        created_ms: now_ms,
    };
    let imported = layout::write(&dir, &spec).and_then(|_| store.import(&dir, path, now_ms));
    // The layout was only a vehicle; a leftover is harmless and overwritten next time.
    let _ = fs::remove_dir_all(&dir);
    imported.map(|_| ())
}

/// Tells one build of the executable from another without reading all of it.
fn identity(executable: &Path) -> Option<String> {
    let meta = fs::metadata(executable).ok()?;
    Some(format!(
        "{}-{}-{}",
        meta.len(),
        meta.mtime(),
        meta.mtime_nsec()
    ))
}
