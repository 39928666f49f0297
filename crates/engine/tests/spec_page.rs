//! `docs/spec.md` says of every field what the tables of the reader and of the engine say.

use std::fmt::Write as _;

use floe_engine::support::{Treatment, treatment};
use floe_runtime_process::ProcessRuntime;
use floe_spec::{Field, limits};

const HEAD: &str = "\
# Service specifications: every field

This page is generated from the tables that the reader and the engine use; a test compares them. Paths write list items as
`[]`. A field that is **required** must be given wherever the map it stands in is. `floe spec check FILE` tells everything
that is wrong with a specification, `floe explain CODE` explains a finding, and `schema/README.md` tells how an editor knows
all this.

The rules are those of the pages *Service specification reference*, *Working with services*, *Using block storage volumes
with services*, *Using Snowflake stages as volumes* and *Scaling services* of the Snowflake documentation; where files that
are known to have run contradict them, there is a warning instead of an error.

The last column tells what happens when a service runs as local processes:

- **acted on**: the field has its documented effect;
- **refused**: CREATE and ALTER SERVICE fail with FLOE-RUNTIME-0001, naming the field: a runtime never ignores what it cannot
  honour;
- **checked**: instances are placed by it; nothing enforces it while they run;
- **kept**: the field is kept and shown, and a warning says that nothing acts on it yet;
- **no effect**: it has none in the original either.

| field | value | default | rule | processes |
|---|---|---|---|---|
";

fn row(field: &Field) -> String {
    let mut name = format!("`{}`", field.path);
    if let Some(alias) = field.alias {
        let _ = write!(name, " (also `{alias}`)");
    }
    if field.required {
        name.push_str(" **required**");
    }
    let processes = match treatment(&field.path) {
        Treatment::Honoured => "acted on",
        Treatment::Checked => "checked",
        Treatment::Kept => "kept",
        Treatment::NoEffect => "no effect",
        Treatment::Asked(ability) if ProcessRuntime::honours(&ability.need()) => "acted on",
        Treatment::Asked(_) => "refused",
        _ => "?",
    };
    let cell = |text: &str| text.replace('|', "\\|");
    format!(
        "| {name} | {} | {} | {} | {processes} |\n",
        cell(&field.shape),
        cell(field.default),
        cell(field.rule)
    )
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page.extend(floe_spec::fields().iter().map(row));
    let _ = write!(
        page,
        "
## Limits

| limit | value |
|---|---|
| length of a text | {} bytes |
| levels of nesting | {} |
| values in a text, aliases counted with what they stand for | {} |
| uses of aliases | {} |
| keys of one map | {} |
| length of a key | {} bytes |
| findings that are told | {} |
| containers | {} |
| endpoints | {} |
| volumes | {}, of them block volumes {}, of the form `\"@stage\"` {} |
| secrets in all containers | {} |
",
        limits::MAX_SPEC_BYTES,
        limits::MAX_DEPTH,
        limits::MAX_NODES,
        limits::MAX_ALIASES,
        limits::MAX_KEYS,
        limits::MAX_KEY_BYTES,
        limits::MAX_FINDINGS,
        limits::MAX_CONTAINERS,
        limits::MAX_ENDPOINTS,
        limits::MAX_VOLUMES,
        limits::MAX_BLOCK_VOLUMES,
        limits::MAX_STAGE_PATH_VOLUMES,
        limits::MAX_SECRETS,
    );
    page
}

#[test]
fn the_page_of_fields_is_the_generated_one() {
    // `UPDATE_EXPECT=1 cargo test … --test spec_page` writes it anew.
    expect_test::expect_file!["../../../docs/spec.md"].assert_eq(&page());
}
