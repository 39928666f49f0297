//! `floe plan`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use floe_engine::rollout::{
    self, Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy, Revision, Service,
};
use floe_engine::upgrade::{self, Caller};
use floe_spec::{Context, ParseOptions, ValidSpec, spec_digest};

use crate::args::{Log, Plan};
use crate::failure::{fail, unusable};
use crate::input::{self, Input, is_standard};
use crate::spec::{print, proved};

/// The upgrade is refused, or a specification is wrong.
const FOUND: u8 = 1;

/// The specification that runs, and the one that is wanted.
const BEFORE: Revision = Revision(1);
const AFTER: Revision = Revision(2);

pub(crate) fn run(options: &Plan) -> ExitCode {
    match plan(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => ExitCode::from(code),
    }
}

/// Prints the plan; what is wrong is told, and the exit code answered.
fn plan(options: &Plan) -> Result<(), u8> {
    if is_standard(&options.before) && is_standard(&options.after) {
        return Err(fail(
            "standard input holds one of the specifications, not both",
        ));
    }
    let callers = callers(&options.callers)?;
    // Both are read before anything is planned, so that all findings of both are told.
    let (before, after) = match (
        read(&options.before, options),
        read(&options.after, options),
    ) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(one), Err(other)) => return Err(one.max(other)),
        (Err(code), _) | (_, Err(code)) => return Err(code),
    };
    let refused = upgrade::refusals(&before.spec, &after.spec);
    for notice in &refused {
        eprintln!("error[FLOE-ENGINE-0024]: the service cannot be upgraded so: {notice}");
    }
    let (service, count) = running(options)?;
    let same = before.digest == after.digest;
    let revision = if same { BEFORE } else { AFTER };
    let admitted = service.admit(revision, count);
    let mut plan = match admitted {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code());
            return Err(FOUND);
        }
    };
    if !refused.is_empty() {
        return Err(FOUND);
    }
    plan.notices
        .extend(upgrade::impact(&before.spec, &after.spec, &callers));
    let name = |revision| {
        let whose = if revision == BEFORE { &before } else { &after };
        whose.digest.get(..8).unwrap_or(&whose.digest).to_owned()
    };
    let title = format!("{} to {}", before.input.short(), after.input.short());
    show(options, &plan, &title, &name)
}

fn show(
    options: &Plan,
    plan: &rollout::Plan,
    title: &str,
    name: &dyn Fn(Revision) -> String,
) -> Result<(), u8> {
    if let Some(path) = &options.svg {
        fs::write(path, plan.svg(title, name))
            .map_err(|error| fail(&format!("{} cannot be written: {error}", path.display())))?;
    }
    match options.format {
        Log::Table => print(&format!("{plan}\n")),
        Log::Json => print(&format!("{}\n", plan.json())),
    }
    Ok(())
}

/// The service as the options say it runs now, and how many instances there are to be.
fn running(options: &Plan) -> Result<(Service, InstanceCount), u8> {
    let number = |count| InstanceCount::new(count).map_err(|error| refuse(&error));
    let now = number(options.instances)?;
    let wanted = number(options.to_instances.unwrap_or(options.instances))?;
    let min_ready = options.min_ready.unwrap_or(options.instances);
    if min_ready > options.instances.min(wanted.get()) {
        return Err(fail(&format!(
            "--min-ready {min_ready} is more than there are instances; lower it, or raise \
             --instances or --to-instances"
        )));
    }
    if let Some(id) = options.not_ready.iter().find(|id| **id >= now.get()) {
        return Err(fail(&format!(
            "--not-ready {id}: there are {} instances, and the first has the number 0",
            now.get()
        )));
    }
    let mut service = Service::new(Policy {
        min_ready_instances: min_ready,
        ..options.upgrades.policy()
    });
    for command in service.decide(Event::target(BEFORE, now), Millis(0)) {
        let Command::Start { id, attempt, .. } = command else {
            continue;
        };
        let phase = phase(options, id);
        // Nothing is outdated, so nothing is decided.
        let _ = service.decide(Event::Observed { id, attempt, phase }, Millis(0));
    }
    Ok((service, wanted))
}

fn phase(options: &Plan, id: InstanceId) -> Phase {
    if options.not_ready.contains(&id.0) {
        Phase::Failed
    } else {
        Phase::Ready
    }
}

fn callers(written: &[String]) -> Result<Vec<Caller>, u8> {
    let caller = |text: &String| {
        let (function, endpoint) = text
            .rsplit_once('=')
            .ok_or_else(|| fail(&format!("--caller {text}: write FUNCTION=ENDPOINT")))?;
        Ok(Caller {
            function: function.to_owned(),
            endpoint: endpoint.to_owned(),
        })
    };
    written.iter().map(caller).collect()
}

/// A specification that was read and proved.
struct Read {
    input: Input,
    spec: ValidSpec,
    digest: String,
}

fn read(path: &Path, options: &Plan) -> Result<Read, u8> {
    let input = input::read(path).map_err(|message| fail(&message))?;
    let reading = ParseOptions {
        lenient: options.lenient,
        context: Context::Service,
    };
    let spec = proved(&input, &reading).ok_or(FOUND)?;
    let digest = spec_digest(&spec.canonical_text(&|_| None)).to_string();
    Ok(Read {
        input,
        spec,
        digest,
    })
}

fn refuse(error: &rollout::RolloutError) -> u8 {
    unusable(error.code(), error)
}
