//! What containers print, and what happens when it is too much or has no place.

use floe_runtime::{InstancePhase, LOG_BYTES, Runtime};

use crate::world::{World, eventually, key};

#[tokio::test(flavor = "multi_thread")]
async fn both_streams_are_kept_in_bounded_files() {
    let world = World::loopback();
    // Eight megabytes of lines on stdout, a last word on stderr.
    let script = "yes 'a line of output that says nothing at all' | head -c 8000000; \
                  echo; echo the end >&2; exec sleep 600";
    world.start(world.script(&key(1), script)).await;
    let text = world
        .printed(&key(1), |text| text.contains("the end\n"))
        .await;
    assert!(text.len() <= LOG_BYTES, "{}", text.len());
    assert!(
        text.starts_with("a line of output that says nothing at all\n"),
        "whole lines"
    );

    let directory = world.directory.path().join("state/logs/SERVICE/0");
    let files = std::fs::read_dir(&directory).unwrap().flatten();
    let sizes: Vec<u64> = files.map(|file| file.metadata().unwrap().len()).collect();
    assert_eq!(sizes.len(), 2, "two files");
    assert!(sizes.iter().all(|&size| size <= 1024 * 1024), "{sizes:?}");
    let disk = std::fs::read_to_string(directory.join("main.log")).unwrap();
    assert!(
        disk.lines().any(|line| line.ends_with("Z E the end")),
        "the stream is on disk"
    );
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_whose_output_has_no_place_runs_on() {
    let world = World::loopback();
    let logs = world.directory.path().join("state/logs");
    std::fs::write(logs.join("SERVICE"), "in the way").unwrap();
    let done = world.directory.path().join("done");
    // Far more than a pipe holds: without a reader this would hang.
    let script = format!(
        "yes | head -c 3000000; echo > {}; exec sleep 600",
        done.display()
    );
    world.start(world.script(&key(1), &script)).await;
    let printed_all = async || {
        if done.exists() {
            Ok(())
        } else {
            Err("still printing")
        }
    };
    eventually("printed everything", printed_all).await;
    assert_eq!(world.runtime.observe().await[0].phase, InstancePhase::Ready);
    assert_eq!(
        world.runtime.observe().await[0].containers[0].restart_count,
        0
    );
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_services_cannot_lead_out_of_the_directory() {
    let world = World::loopback();
    let key = floe_runtime::InstanceKey::new("../../../outside", 0, 1);
    world
        .start(world.script(&key, "echo here; exec sleep 600"))
        .await;
    world.printed(&key, |text| text == "here\n").await;
    let names = std::fs::read_dir(world.directory.path().join("state/logs"))
        .unwrap()
        .flatten();
    let names: Vec<_> = names
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, ["%2E.%2F..%2F..%2Foutside"]);
    world.stop(&key).await;
}
