//! What the tests share: an engine over the simulated runtime, images, statements.

use std::path::Path;
use std::sync::Arc;

use floe_engine::image::layout::{self, LayoutSpec};
use floe_engine::image::{ImageConfig, ImagePath};
use floe_engine::runtime::sim::SimulatedRuntime;
use floe_engine::{Answer, DataDir, Engine, EngineOptions, Failure, Output, Table};

pub(crate) const POOL: &str =
    "CREATE COMPUTE POOL p MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_XS";

pub(crate) fn open(dir: &Path) -> Engine {
    let data = DataDir::hold(dir).unwrap();
    Engine::open(
        data,
        Arc::new(SimulatedRuntime::default()),
        EngineOptions::default(),
    )
    .unwrap()
}

pub(crate) async fn execute(engine: &Engine, script: &str) -> Result<Answer, Failure> {
    let session = engine.session();
    let mut last = None;
    for parsed in &floe_sql::parse_script(script).unwrap() {
        last = Some(session.execute(parsed).await?);
    }
    Ok(last.unwrap())
}

pub(crate) async fn table(engine: &Engine, script: &str) -> Table {
    match execute(engine, script).await.unwrap().output {
        Output::Table(table) => table,
        Output::Rows(_) => panic!("{script} is no query"),
    }
}

pub(crate) async fn code(engine: &Engine, script: &str) -> String {
    execute(engine, script).await.unwrap_err().diagnostics[0]
        .code
        .clone()
}

/// Imports an image that says it is `version` under the tag `v1`.
pub(crate) fn import(engine: &Engine, dir: &Path, version: &str) -> String {
    import_as(engine, dir, version, "v1")
}

/// Imports an image that says it is `version` under a tag.
pub(crate) fn import_as(engine: &Engine, dir: &Path, version: &str, tag: &str) -> String {
    let spec = LayoutSpec {
        files: Vec::new(),
        config: ImageConfig {
            entrypoint: vec!["/bin/app".to_owned()],
            env: vec![("VERSION".to_owned(), version.to_owned())],
            ..ImageConfig::default()
        },
        created_ms: 0,
    };
    let at = dir.join(version);
    layout::write(&at, &spec).unwrap();
    let path = ImagePath::parse(&format!("/floe/public/repo/app:{tag}")).unwrap();
    engine
        .images()
        .import(&at, &path, 0)
        .unwrap()
        .digest
        .to_string()
}

pub(crate) fn create(extra: &str) -> String {
    format!(
        "CREATE SERVICE s IN COMPUTE POOL p {extra} FROM SPECIFICATION $$\nspec:\n  containers:\n  \
         - name: main\n    image: /floe/public/repo/app:v1\n$$"
    )
}

/// Tasks of the last engine may still be letting go of the directory.
pub(crate) async fn eventually_open(dir: &Path) -> Engine {
    for _ in 0..100_000 {
        if let Ok(data) = DataDir::hold(dir) {
            let runtime = Arc::new(SimulatedRuntime::default());
            return Engine::open(data, runtime, EngineOptions::default()).unwrap();
        }
        tokio::task::yield_now().await;
    }
    panic!("the directory was not let go");
}
