//! `floe notify …`.

use std::path::Path;
use std::process::ExitCode;

use floe_notify::aws::{Place, policy};
use floe_notify::{
    AUTO_INGEST_PREFIX, Finding, NotificationService, Origin, Plan, ResourceError, ResourceManager,
    StreamId, TearDown,
};
use floe_notify_local::{LocalResourceManager, SystemClock};

use crate::args::{
    Allowing, Format, Global, Notify, NotifyCloud, NotifyPlace, NotifyPolicy, NotifySetUp,
};
use crate::failure::{fail, refused, unusable};
use crate::rows;
use crate::spec::print;

type Manager = Box<dyn ResourceManager>;

pub(crate) async fn run(global: &Global, command: &Notify) -> ExitCode {
    match execute(global, command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => ExitCode::from(code),
    }
}

/// Does what was asked for; what is wrong is told, and the exit code answered.
async fn execute(global: &Global, command: &Notify) -> Result<(), u8> {
    match command {
        Notify::SetUp(set_up) => {
            let stream = stream(&set_up.stream)?;
            let manager = manager(global, &set_up.place).await?;
            let queue = manager
                .set_up_notification_services(&SystemClock, &stream, &set_up.suffix)
                .await
                .map_err(|error| refuse(&error))?;
            match set_up.place.format {
                Format::Table => print(&format!("{queue}\n")),
                format => show(format, &["queue"], vec![vec![Some(queue.to_string())]]),
            }
        }
        Notify::Plan(set_up) => {
            let plan = plan(global, set_up).await?;
            steps(set_up.place.format, &plan);
        }
        Notify::List(place) => {
            let manager = manager(global, place).await?;
            let services = manager
                .list_notification_services(&SystemClock)
                .await
                .map_err(|error| refuse(&error))?;
            list(place.format, &services);
        }
        Notify::TearDown {
            stream: id,
            adopt,
            dry_run,
            place,
        } => {
            let stream = stream(id)?;
            let manager = manager(global, place).await?;
            let scope = if *adopt {
                TearDown::Adopt
            } else {
                TearDown::Created
            };
            let plan = if *dry_run {
                manager.plan_tear_down(&SystemClock, &stream, scope).await
            } else {
                manager
                    .tear_down_notification_services(&SystemClock, &stream, scope)
                    .await
            };
            steps(place.format, &plan.map_err(|error| refuse(&error))?);
        }
        Notify::Policy(of) => print(&permissions(of)?),
    }
    Ok(())
}

async fn plan(global: &Global, set_up: &NotifySetUp) -> Result<Plan, u8> {
    let stream = stream(&set_up.stream)?;
    let manager = manager(global, &set_up.place).await?;
    manager
        .plan_set_up(&SystemClock, &stream, &set_up.suffix)
        .await
        .map_err(|error| refuse(&error))
}

// === who does it ===

async fn manager(global: &Global, place: &NotifyPlace) -> Result<Manager, u8> {
    match place.cloud {
        NotifyCloud::Local => local(global, place),
        NotifyCloud::Aws => aws(place).await,
        NotifyCloud::Azure => azure(place),
        NotifyCloud::Gcp => gcp(place).await,
    }
}

fn local(global: &Global, place: &NotifyPlace) -> Result<Manager, u8> {
    if let Some(option) = place.options.first() {
        return Err(fail(&format!(
            "--option {option}: a local directory has no options; use --path and --queues"
        )));
    }
    let queues = place.queues.clone();
    let queues = queues.unwrap_or_else(|| global.data_dir.join("queues"));
    let manager = LocalResourceManager::new(&queues);
    Ok(match &place.path {
        Some(path) => Box::new(manager.with_path(Path::new(path))),
        None => Box::new(manager),
    })
}

/// The options of a cloud, the path among them.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn options(place: &NotifyPlace) -> Result<Vec<(String, String)>, u8> {
    let path = place
        .path
        .iter()
        .map(|path| Ok(("path".into(), path.clone())));
    let others = place.options.iter().map(|option| {
        let (key, value) = option
            .split_once('=')
            .ok_or_else(|| fail(&format!("--option {option}: write KEY=VALUE")))?;
        Ok((key.to_owned(), value.to_owned()))
    });
    path.chain(others).collect()
}

#[cfg(feature = "aws")]
async fn aws(place: &NotifyPlace) -> Result<Manager, u8> {
    let builder = floe_notify_aws::CloudFilesAwsResourceManager::new_manager();
    let manager = builder.options(options(place)?).create().await;
    let manager = manager.map_err(|error| unusable(error.code(), &error))?;
    Ok(Box::new(manager))
}

#[cfg(not(feature = "aws"))]
async fn aws(_place: &NotifyPlace) -> Result<Manager, u8> {
    Err(without("aws"))
}

#[cfg(feature = "azure")]
fn azure(place: &NotifyPlace) -> Result<Manager, u8> {
    let builder = floe_notify_azure::CloudFilesAzureResourceManager::new_manager();
    let manager = builder.options(options(place)?).create();
    let manager = manager.map_err(|error| unusable(error.code(), &error))?;
    Ok(Box::new(manager))
}

#[cfg(not(feature = "azure"))]
fn azure(_place: &NotifyPlace) -> Result<Manager, u8> {
    Err(without("azure"))
}

#[cfg(feature = "gcp")]
async fn gcp(place: &NotifyPlace) -> Result<Manager, u8> {
    let builder = floe_notify_gcp::CloudFilesGcpResourceManager::new_manager();
    let manager = builder.options(options(place)?).create().await;
    let manager = manager.map_err(|error| unusable(error.code(), &error))?;
    Ok(Box::new(manager))
}

#[cfg(not(feature = "gcp"))]
async fn gcp(_place: &NotifyPlace) -> Result<Manager, u8> {
    Err(without("gcp"))
}

/// This program was built without a cloud.
#[cfg(not(all(feature = "aws", feature = "azure", feature = "gcp")))]
fn without(feature: &str) -> u8 {
    fail(&format!(
        "this program was built without {feature}: build it with `cargo build --release \
         -p floe-cli --features {feature}`"
    ))
}

fn stream(text: &str) -> Result<StreamId, u8> {
    StreamId::parse(text).map_err(|error| unusable(error.code(), &error))
}

// === what is shown ===

fn steps(format: Format, plan: &Plan) {
    let rows = plan.steps().iter().map(|step| {
        let reason = step.reason();
        vec![
            Some(step.action().to_string()),
            Some(step.kind().to_string()),
            Some(step.name().to_owned()),
            (!reason.is_empty()).then(|| reason.to_owned()),
        ]
    });
    let columns = ["action", "kind", "name", "reason"];
    show(format, &columns, rows.collect());
}

fn list(format: Format, services: &[NotificationService]) {
    let rows = services.iter().map(|service| {
        let resources = service.resources().iter();
        let resources: Vec<String> = resources
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        vec![
            service.stream().map(StreamId::to_string),
            service.path().map(str::to_owned),
            service.queue().map(ToString::to_string),
            Some(origin(service.origin()).to_owned()),
            Some(resources.join("; ")),
        ]
    });
    let columns = ["streamId", "path", "queue", "origin", "resources"];
    show(format, &columns, rows.collect());
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Floe => "floe",
        Origin::AutoLoader => "auto-loader",
        _ => "other",
    }
}

fn show(format: Format, columns: &[&str], rows: Vec<Vec<Option<String>>>) {
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    rows::print_all(format, &columns, &rows);
}

// === permissions ===

/// The document; what it does beside its words goes to standard error.
fn permissions(of: &NotifyPolicy) -> Result<String, u8> {
    let (text, findings) = match of.cloud {
        NotifyCloud::Aws => aws_policy(of)?,
        NotifyCloud::Azure => floe_notify::azure::role::custom(),
        NotifyCloud::Gcp => floe_notify::gcp::permissions(),
        NotifyCloud::Local => {
            return Err(fail(
                "a local directory needs no policy: the rights of its files are enough",
            ));
        }
    };
    for finding in findings {
        eprintln!("{finding}");
    }
    Ok(format!("{}\n", text.trim_end()))
}

fn aws_policy(of: &NotifyPolicy) -> Result<(String, Vec<Finding>), u8> {
    let bucket = of
        .bucket
        .as_ref()
        .ok_or_else(|| fail("--bucket is missing: a policy of AWS names the bucket"))?;
    let place = Place::new(&of.region, &of.account);
    let name = || match &of.suffix {
        Some(suffix) => Ok(format!("{AUTO_INGEST_PREFIX}-{suffix}")),
        None => Err(fail(
            "--suffix is missing: this policy names the queue that set-up made with it",
        )),
    };
    let (document, findings) = match of.allowing {
        Allowing::SetUp => policy::setup(&policy::Setup::new(place, bucket)),
        Allowing::Run => {
            let (queue, topic) = (name()?, name()?);
            policy::reduced(&policy::Use {
                place,
                bucket: bucket.clone(),
                queue,
                topic,
            })
        }
        Allowing::Consume => (policy::consume(&place, bucket, &name()?), Vec::new()),
    };
    Ok((document.to_json(), findings))
}

fn refuse(error: &ResourceError) -> u8 {
    refused(error.code(), error)
}
