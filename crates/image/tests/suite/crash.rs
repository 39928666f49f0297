//! Several importers at once, and importers that are killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::layouts::{E, Layout, Place, layer, path};
use floe_image::{ImagePath, ImageStore};

/// Says to a run of this test binary that it is to import and nothing else.
const CHILD: &str = "FLOE_TEST_IMPORT_INTO";

fn path_of(number: usize) -> ImagePath {
    ImagePath::parse(&format!("/db/schema/repo/image{number}:v1")).unwrap()
}

#[test]
fn imports_at_the_same_time_are_all_there_in_the_end() {
    let place = Place::new();
    let importers = 8;
    let layouts: Vec<PathBuf> = (0..importers)
        .map(|number| {
            let layout = Layout::at(&place.dir.path().join(format!("layout{number}")));
            // All images share one layer, so they also meet at the blobs.
            let own = layer(&[E::File("own", &number.to_string())]);
            layout.image(&[layer(&[E::File("shared", "shared")]), own]);
            layout.dir
        })
        .collect();
    thread::scope(|scope| {
        for (number, layout) in layouts.iter().enumerate() {
            let dir = place.store_dir();
            scope.spawn(move || {
                let store = ImageStore::open(dir).unwrap();
                store.import(layout, &path_of(number), 1).unwrap();
            });
        }
    });
    assert_eq!(place.store.list().unwrap().len(), importers);
    thread::scope(|scope| {
        for number in (0..importers).chain(0..importers) {
            let store = place.store.clone();
            scope.spawn(move || {
                let root = store
                    .unpack(&store.resolve(&path_of(number)).unwrap().digest)
                    .unwrap();
                assert_eq!(
                    fs::read(root.join("own")).unwrap(),
                    number.to_string().as_bytes()
                );
            });
        }
    });
}

/// Not a test of its own: what the killed process of the next one does.
#[test]
fn a_process_of_its_own_imports_when_it_is_told_to() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let dir = Path::new(&dir);
    let store = ImageStore::open(dir.join("store")).unwrap();
    // Over and over, so that it is killed somewhere in the middle.
    for number in 0..1_000 {
        let which = dir.join(if number % 2 == 0 {
            "layout0"
        } else {
            "layout1"
        });
        store.import(&which, &path(), number).unwrap();
        let _ = fs::remove_dir_all(dir.join("store/blobs/sha256"));
        fs::create_dir_all(dir.join("store/blobs/sha256")).unwrap();
    }
}

#[test]
fn a_killed_import_leaves_no_half_image() {
    let place = Place::new();
    for number in 0..2 {
        let layout = Layout::at(&place.dir.path().join(format!("layout{number}")));
        let big = number.to_string().repeat(1 << 20);
        layout.image(&[layer(&[E::File("big", &big)])]);
    }
    let scratch = place.store_dir().join("tmp/import");
    let mut met_scratch = 0;
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::a_process_of_its_own_imports_when_it_is_told_to",
            ])
            .env(CHILD, place.dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Watching for the scratch file kills it in the midst of copying; other rounds do not
        // look and kill anywhere.
        let mut looks = 0_u32;
        while looks < 2_000_000 && child.try_wait().unwrap().is_none() {
            looks += 1;
            let half = fs::metadata(&scratch).is_ok_and(|meta| meta.len() > 0);
            if half && looks > 100 * (round + 1) {
                met_scratch += 1;
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Every blob that has its name is whole, whenever the process died.
        for blob in fs::read_dir(place.store_dir().join("blobs/sha256"))
            .into_iter()
            .flatten()
        {
            let blob = blob.unwrap();
            let digest = floe_image::Digest::of(&fs::read(blob.path()).unwrap());
            assert_eq!(
                blob.file_name().to_str().unwrap(),
                digest.hex(),
                "round {round}"
            );
        }
        // And the next import works, over whatever was left.
        let store = ImageStore::open(place.store_dir()).unwrap();
        let image = store
            .import(&place.dir.path().join("layout0"), &path(), 1)
            .unwrap();
        assert_eq!(store.resolve(&path()).unwrap(), image);
        assert!(!scratch.exists());
        let root = store.unpack(&image.digest).unwrap();
        assert_eq!(fs::metadata(root.join("big")).unwrap().len(), 1 << 20);
    }
    assert!(
        met_scratch > 0,
        "no import was killed in the midst of copying"
    );
}
