//! What is said about volumes and their mounts.

#[path = "support/report.rs"]
mod report;

use floe_spec::ParseOptions;
use report::{check, container, count, report};

#[test]
fn volumes_and_mounts_belong_together() {
    let volume = |fields: &str| container(&format!("  volumes:\n  - {{name: v, {fields}}}\n"));
    for good in [
        "source: local",
        "source: memory, size: 2G",
        "source: block, size: 65536Gi",
        "source: stage, stageConfig: {name: \"@s\"}",
        "source: stage, stageConfig: {name: \"@db.s.t/a/b\"}, uid: 0, gid: 4294967295",
        "source: block, size: 1Gi, uid: 1000, gid: 1000",
    ] {
        assert_eq!(
            report(&volume(good), &ParseOptions::default()),
            "",
            "{good}"
        );
    }
    for (bad, code) in [
        ("size: 1Gi", "error[FLOE-SPEC-0009]"),
        ("source: memory", "error[FLOE-SPEC-0025]"),
        ("source: block", "error[FLOE-SPEC-0025]"),
        ("source: block, size: 0Gi", "error[FLOE-SPEC-0026]"),
        ("source: block, size: 1.5Gi", "error[FLOE-SPEC-0026]"),
        ("source: block, size: 100G", "error[FLOE-SPEC-0026]"),
        ("source: block, size: 65537Gi", "error[FLOE-SPEC-0026]"),
        ("source: memory, size: 0M", "error[FLOE-SPEC-0019]"),
        ("source: memory, size: 10", "error[FLOE-SPEC-0020]"),
        ("source: \"@\"", "error[FLOE-SPEC-0018]"),
        ("source: Local", "error[FLOE-SPEC-0018]"),
        ("source: stage", "error[FLOE-SPEC-0009]"),
        ("source: local, size: 1Gi", "warning[FLOE-SPEC-0038]"),
    ] {
        let found = report(&volume(bad), &ParseOptions::default());
        assert!(found.starts_with(code), "{bad}: {found}");
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
    let mounts = |list: &str| {
        container(&format!(
            "    volumeMounts: [{list}]\n  volumes: [{{name: v, source: local}}]\n"
        ))
    };
    let twice = mounts("{name: v, mountPath: /a}, {name: v, mountPath: /b}");
    assert_eq!(report(&twice, &ParseOptions::default()), "");
    check(
        &mounts(
            "{name: w, mountPath: a}, {name: v, mountPath: /}, {name: v, mountPath: /a/../b}, \
             {name: v, mountPath: /x}, {name: v, mountPath: /x/}",
        ),
        "error[FLOE-SPEC-0023] at line 5, column 27
    (spec.containers[0].volumeMounts[0].name)
  there is no volume `w`
  = the volumes are `v`
error[FLOE-SPEC-0024] at line 5, column 41
    (spec.containers[0].volumeMounts[0].mountPath)
  a mount path must be absolute: begin it with `/`
error[FLOE-SPEC-0024] at line 5, column 66
    (spec.containers[0].volumeMounts[1].mountPath)
  a volume cannot take the place of the root directory
error[FLOE-SPEC-0024] at line 5, column 91
    (spec.containers[0].volumeMounts[2].mountPath)
  a mount path must not hold `..`
error[FLOE-SPEC-0024] at line 5, column 148
    (spec.containers[0].volumeMounts[4].mountPath)
  another volume is mounted at this path already",
    );
}

#[test]
fn a_broken_volume_is_not_reported_as_missing_by_its_mounts() {
    check(
        &container(
            "    volumeMounts: [{name: v, mountPath: /a}]\n  volumes: [{name: v, source: block}]\n",
        ),
        "error[FLOE-SPEC-0025] at line 6, column 14 (spec.volumes[0])
  a memory or block volume needs a `size`
  = add for example `size: 10Gi`",
    );
}

/// A volume with these fields.
fn volume(fields: &str) -> String {
    container(&format!(
        "  volumes:\n  - name: v\n    {}\n",
        fields.replace("; ", "\n    ")
    ))
}

#[test]
fn the_source_of_a_volume_decides_what_it_may_have() {
    check(
        &volume("source: \"@stage/folder\"; uid: 1000"),
        "warning[FLOE-SPEC-0058] at line 7, column 13 (spec.volumes[0].source)
  this is the older form of a stage volume
  = write `source: stage` and `stageConfig: {name: \"@stage/folder\"}`",
    );
    check(
        &volume("source: stages"),
        "error[FLOE-SPEC-0018] at line 7, column 13 (spec.volumes[0].source)
  `stages` is not a source of volumes
  = did you mean `stage`?",
    );
    check(
        &volume("source: local; uid: 1; gid: 2; size: 1Gi"),
        "warning[FLOE-SPEC-0038] at line 8, column 10 (spec.volumes[0].uid)
  `uid` has an effect on stage and block volumes only
warning[FLOE-SPEC-0038] at line 9, column 10 (spec.volumes[0].gid)
  `gid` has an effect on stage and block volumes only
warning[FLOE-SPEC-0038] at line 10, column 11 (spec.volumes[0].size)
  a size has an effect on memory and block volumes only",
    );
    check(
        &volume("source: memory; size: 1Gi; uid: -1"),
        "error[FLOE-SPEC-0037] at line 9, column 10 (spec.volumes[0].uid)
  `-1` is not a whole number from 0 to 4294967295
warning[FLOE-SPEC-0038] at line 9, column 10 (spec.volumes[0].uid)
  `uid` has an effect on stage and block volumes only",
    );
    check(
        &volume("source: memory; size: 1Gi; blockConfig: {iops: 3000}"),
        "error[FLOE-SPEC-0049] at line 9, column 18 (spec.volumes[0].blockConfig)
  `blockConfig` needs `source: block`",
    );
    check(
        &volume("source: block; size: 1Gi; stageConfig: {name: \"@s\"}"),
        "error[FLOE-SPEC-0049] at line 9, column 18 (spec.volumes[0].stageConfig)
  `stageConfig` needs `source: stage`",
    );
    check(
        &volume("source: \"@s\"; stageConfig: {name: \"@s\"}"),
        "warning[FLOE-SPEC-0058] at line 7, column 13 (spec.volumes[0].source)
  this is the older form of a stage volume
  = write `source: stage` and `stageConfig: {name: \"@s\"}`
error[FLOE-SPEC-0049] at line 8, column 18 (spec.volumes[0].stageConfig)
  `stageConfig` needs `source: stage`",
    );
    check(
        &volume("source: stage"),
        "error[FLOE-SPEC-0009] at line 6, column 5 (spec.volumes[0])
  a volume of a stage needs `stageConfig` with the stage's `name`",
    );
    check(
        &volume("source: block"),
        "error[FLOE-SPEC-0025] at line 6, column 5 (spec.volumes[0])
  a memory or block volume needs a `size`
  = add for example `size: 10Gi`",
    );
    check(
        &volume("source: block; size: 1.5Gi"),
        "error[FLOE-SPEC-0026] at line 8, column 11 (spec.volumes[0].size)
  the size of a block volume is a whole number of `Gi` from 1 to 65536",
    );
}

#[test]
fn the_settings_of_a_block_volume_are_in_range() {
    let block = |fields: &str| {
        volume(&format!(
            "source: block; size: 100Gi; blockConfig: {{{fields}}}"
        ))
    };
    for good in [
        "",
        "iops: 3000, throughput: 125",
        "iops: 50000, throughput: 1200",
        "encryption: SNOWFLAKE_SSE",
        "encryption: SNOWFLAKE_FULL, snapshotOnDelete: false",
        "snapshotOnDelete: true, snapshotDeleteAfter: 36h",
        "snapshotDeleteAfter: 7d",
        "initialContents: {fromSnapshot: db.s.snap}",
    ] {
        check(&block(good), "");
    }
    check(
        &block("iops: 1999, throughput: 1200001"),
        "error[FLOE-SPEC-0050] at line 9, column 25 (spec.volumes[0].blockConfig.iops)
  `1999` is not a whole number from 2000 to 19200000
error[FLOE-SPEC-0050] at line 9, column 43
    (spec.volumes[0].blockConfig.throughput)
  `1200001` is not a whole number from 125 to 1200000",
    );
    check(
        &block("iops: 4000, throughput: 1001"),
        "error[FLOE-SPEC-0050] at line 9, column 43
    (spec.volumes[0].blockConfig.throughput)
  1001 MiB a second are more than 4000 operations carry, four for a MiB
  = write at most 1000",
    );
    check(
        &block("iops: 80000"),
        "warning[FLOE-SPEC-0050] at line 9, column 25 (spec.volumes[0].blockConfig.iops)
  80000 operations a second are more than 500 for each of 100Gi, which two of
    three clouds refuse",
    );
    check(
        &volume("source: block; size: 2Gi; blockConfig: {iops: 3000}"),
        "",
    );
}

#[test]
fn what_a_block_volume_begins_and_ends_with_is_read() {
    let block = |fields: &str| {
        volume(&format!(
            "source: block; size: 100Gi; blockConfig: {{{fields}}}"
        ))
    };
    check(
        &block("encryption: full, snapshotOnDelete: maybe"),
        "error[FLOE-SPEC-0018] at line 9, column 31
    (spec.volumes[0].blockConfig.encryption)
  `full` is none of the words that are known here
  = write one of `SNOWFLAKE_SSE`, `SNOWFLAKE_FULL`
error[FLOE-SPEC-0008] at line 9, column 55
    (spec.volumes[0].blockConfig.snapshotOnDelete)
  `true` or `false` is expected here, not a text",
    );
    check(
        &block("encryption: snowflake_sse"),
        "warning[FLOE-SPEC-0039] at line 9, column 31
    (spec.volumes[0].blockConfig.encryption)
  `snowflake_sse` is understood, but other systems may not read it
  = write `SNOWFLAKE_SSE`",
    );
    check(
        &block("initialContents: {}"),
        "error[FLOE-SPEC-0009] at line 9, column 36
    (spec.volumes[0].blockConfig.initialContents)
  the field `fromSnapshot` is missing",
    );
    check(
        &block("initialContents: {fromSnapshot: ''}"),
        "error[FLOE-SPEC-0032] at line 9, column 51
    (spec.volumes[0].blockConfig.initialContents.fromSnapshot)
  `fromSnapshot` must not be empty",
    );
    check(
        &block("initialContents: snap"),
        "error[FLOE-SPEC-0008] at line 9, column 36
    (spec.volumes[0].blockConfig.initialContents)
  a map of fields is expected here, not a text
  = write fields such as `fromSnapshot: …` there",
    );
    for bad in [
        "7",
        "7 days",
        "0d",
        "07d",
        "1w",
        "d",
        "-1d",
        "4294967296d",
        "1d12h",
    ] {
        let found = report(
            &block(&format!("snapshotDeleteAfter: {bad}")),
            &ParseOptions::default(),
        );
        assert!(found.starts_with("error[FLOE-SPEC-0051]"), "{bad}: {found}");
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
    check(
        &block("snapshotDeleteAfter: 1w"),
        "error[FLOE-SPEC-0051] at line 9, column 40
    (spec.volumes[0].blockConfig.snapshotDeleteAfter)
  a time to keep snapshots is a number of hours or days
  = write for example `12h` or `7d`",
    );
}

#[test]
fn a_stage_is_written_with_its_sign_and_may_be_cached() {
    let stage = |fields: &str| volume(&format!("source: stage; stageConfig: {{{fields}}}"));
    for good in [
        "name: \"@s\"",
        "name: \"@db.schema.stage/a/b\", metadataCache: 1h30m45s",
        "name: \"@s\", metadataCache: 90s",
        "name: \"@s\", metadataCache: 5m",
        "name: \"@s\", resources: {requests: {cpu: 0, memory: 0.5Gi}, \
         limits: {cpu: 0.5, memory: 1Gi}}",
    ] {
        check(&stage(good), "");
    }
    check(
        &stage("name: models/v1"),
        "warning[FLOE-SPEC-0039] at line 8, column 25 (spec.volumes[0].stageConfig.name)
  `models/v1` is understood, but other systems may not read it
  = write `\"@models/v1\"`",
    );
    check(
        &stage("name: \"@\""),
        "error[FLOE-SPEC-0052] at line 8, column 25 (spec.volumes[0].stageConfig.name)
  the stage has no name, or control characters in it
  = write `\"@stage\"` or `\"@stage/folder\"`",
    );
    check(
        &stage("name: \"\""),
        "error[FLOE-SPEC-0052] at line 8, column 25 (spec.volumes[0].stageConfig.name)
  the stage has no name, or control characters in it
  = write `\"@stage\"` or `\"@stage/folder\"`",
    );
    check(
        &stage("name: \"@a\\nb\""),
        "error[FLOE-SPEC-0052] at line 8, column 25 (spec.volumes[0].stageConfig.name)
  the stage has no name, or control characters in it
  = write `\"@stage\"` or `\"@stage/folder\"`",
    );
    check(
        &stage("metadataCache: 5m"),
        "error[FLOE-SPEC-0009] at line 8, column 19 (spec.volumes[0].stageConfig)
  the field `name` is missing",
    );
    for bad in ["5", "m", "30m1h", "1h1h", "1.5h", "1d", "-1m", "1H", "''"] {
        let text = stage(&format!("name: \"@s\", metadataCache: {bad}"));
        let found = report(&text, &ParseOptions::default());
        assert!(found.starts_with("error[FLOE-SPEC-0051]"), "{bad}: {found}");
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
    check(
        &stage("name: \"@s\", metadataCache: 1d"),
        "error[FLOE-SPEC-0051] at line 8, column 46
    (spec.volumes[0].stageConfig.metadataCache)
  a duration is hours, minutes and seconds in this order
  = write for example `90s`, `5m` or `1h30m`",
    );
    check(
        &stage(
            "name: \"@s\", resources: {requests: {cpu: 1, memory: 2}, \
             limits: {cpu: 0.5, nvidia.com/gpu: 1}}",
        ),
        "warning[FLOE-SPEC-0022] at line 8, column 59
    (spec.volumes[0].stageConfig.resources.requests.cpu)
  1 is requested, but the limit is 0.5
  = raise the limit to 1 at least
error[FLOE-SPEC-0020] at line 8, column 70
    (spec.volumes[0].stageConfig.resources.requests.memory)
  `2` needs one of the units `M`, `Mi`, `G` and `Gi`
error[FLOE-SPEC-0010] at line 8, column 93
    (spec.volumes[0].stageConfig.resources.limits.nvidia.com/gpu)
  the key `nvidia.com/gpu` is not known here
  = `nvidia.com/gpu` belongs under `requests` or `limits`",
    );
}
