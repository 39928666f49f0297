//! One container: a process that is started, probed, and started again when it ends.

use std::convert::Infallible;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use floe_runtime::restart::Backoff;
use floe_runtime::{ContainerPlan, ContainerState, ContainerStatus, InstanceKey, message};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::logs::{self, SharedLog, Stream};
use crate::marker::{Marker, VARIABLE};
use crate::network::Lease;
use crate::probe::{self, Verdict};
use crate::program;
use crate::registry::{Control, Shared, stop_asked};
use crate::sweep::{self, Wanted};
use crate::sys::{self, Deafness};

/// PATH of a container whose image and specification give none; the one that Docker sets.
pub(crate) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long the leftovers of an ended container may take to be killed.
const LEFTOVERS: Duration = Duration::from_secs(5);

/// How long the pipes of an ended container are read on. Everything that could write is dead
/// by then, unless it has left both the group and the mark.
const DRAIN: Duration = Duration::from_secs(1);

/// What a container needs to know of its instance.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) shared: Arc<Shared>,
    pub(crate) key: InstanceKey,
    pub(crate) plan: ContainerPlan,
    pub(crate) marker: Marker,
    pub(crate) lease: Arc<Lease>,
    /// The group to join; it changes when the holder had to be replaced, and is 0 in between.
    pub(crate) group: Arc<AtomicI32>,
    /// The ports to try before each restart.
    pub(crate) ports: Vec<u16>,
    pub(crate) log: SharedLog,
    pub(crate) control: watch::Receiver<Control>,
}

impl Container {
    /// Runs the container until its instance is being stopped and its process has ended.
    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut first = true;
        while !self.control.borrow().stops() {
            let began = self.shared.clock.monotonic();
            match self.spawn(first) {
                Ok(child) => self.live(child, first).await,
                Err(reason) => self.set(|state| {
                    count_restart(state, first, None);
                    state.status = ContainerStatus::Failed;
                    state.message = format!("{}: {reason}", message::START_FAILED);
                }),
            }
            first = false;
            let ran_for = self.shared.clock.monotonic().saturating_sub(began);
            tokio::select! {
                () = tokio::time::sleep(backoff.delay_after(ran_for)) => {}
                () = stop_asked(&mut self.control) => {}
            }
        }
    }

    /// Follows a running process to its end.
    async fn live(&mut self, mut child: Child, first: bool) {
        let now = self.shared.clock.now();
        let probed = self.plan.readiness.is_some();
        self.set(|state| {
            count_restart(state, first, Some(now));
            state.started = Some(now);
            (state.status, state.message) = if probed {
                (ContainerStatus::Pending, message::WAITING.to_owned())
            } else {
                (ContainerStatus::Ready, message::RUNNING.to_owned())
            };
        });
        let mut pumps = self.pump(&mut child);
        let mut control = self.control.clone();
        let ended = tokio::select! {
            biased;
            () = stop_asked(&mut control) => None,
            ended = child.wait() => Some(ended),
            never = self.probe() => match never {},
        };
        match ended {
            Some(ended) => {
                // At once: nobody should send requests to it any more.
                self.report_end(ended.ok());
                self.clear_leftovers().await;
                drain(&mut pumps).await;
            }
            None => {
                ask_to_end(&child);
                // What does not obey is killed by the instance. A wait that fails has lost its
                // process, which is an end as well.
                let _ = child.wait().await;
                drain(&mut pumps).await;
            }
        }
    }

    async fn probe(&self) -> Infallible {
        let Some(plan) = &self.plan.readiness else {
            return std::future::pending().await;
        };
        let report = |verdict| {
            self.set(|state| {
                (state.status, state.message) = match verdict {
                    Verdict::Ready => (ContainerStatus::Ready, message::RUNNING.to_owned()),
                    Verdict::Failing => (
                        ContainerStatus::Pending,
                        message::probe_failing(&plan.path, plan.port),
                    ),
                };
            });
        };
        probe::follow(self.lease.ip(), plan, report).await
    }

    fn pump(&self, child: &mut Child) -> JoinSet<()> {
        let mut pumps = JoinSet::new();
        let (log, clock) = (&self.log, &self.shared.clock);
        if let Some(pipe) = child.stdout.take() {
            pumps.spawn(logs::pump(
                pipe,
                Stream::Out,
                Arc::clone(log),
                Arc::clone(clock),
            ));
        }
        if let Some(pipe) = child.stderr.take() {
            pumps.spawn(logs::pump(
                pipe,
                Stream::Error,
                Arc::clone(log),
                Arc::clone(clock),
            ));
        }
        pumps
    }

    /// Kills what the ended process has left behind, as the end of process 1 does in a
    /// container: a forgotten child would keep the port from the restart.
    async fn clear_leftovers(&self) {
        let entry = self.marker.entry_of_container(&self.plan.name);
        let wanted = Wanted {
            entry: Some(entry),
            ..Wanted::default()
        };
        let cleared =
            tokio::task::spawn_blocking(move || sweep::kill_all(&wanted, LEFTOVERS)).await;
        if let Ok(survivors) = cleared
            && !survivors.is_empty()
        {
            let container = &self.plan.name;
            tracing::warn!(key = %self.key, container, ?survivors, "processes outlive SIGKILL");
        }
    }

    fn report_end(&self, ended: Option<ExitStatus>) {
        let code = ended.map(exit_code);
        self.set(|state| {
            state.last_exit_code = code.or(state.last_exit_code);
            (state.status, state.message) = match code {
                Some(0) => (ContainerStatus::Done, message::COMPLETED.to_owned()),
                Some(_) | None => (ContainerStatus::Failed, message::USER_ERROR.to_owned()),
            };
        });
    }

    fn set(&self, edit: impl FnOnce(&mut ContainerState)) {
        self.shared.edit_container(&self.key, &self.plan.name, edit);
    }

    fn spawn(&self, first: bool) -> Result<Child, String> {
        if !first {
            // Before the first start the instance has tried the ports of all its containers.
            self.lease
                .check_ports(&self.ports)
                .map_err(|error| error.to_string())?;
        }
        let group = self.group.load(Ordering::Relaxed);
        if group <= 1 {
            return Err("the instance's holder is being replaced".to_owned());
        }
        let mut command = self.command()?;
        command.process_group(group);
        sys::prepare(
            command.as_std_mut(),
            self.lease.namespace(),
            Deafness::Hears,
        );
        let program = command.as_std().get_program().to_owned();
        let failed = |error| format!("{}: {error}", program.display());
        command.spawn().map_err(failed)
    }

    fn command(&self) -> Result<Command, String> {
        let root = &self.plan.image.root;
        let env = self.plan.final_env();
        let given = |name: &str| env.iter().any(|&(known, _)| known == name);
        let path = env
            .iter()
            .find(|&&(name, _)| name == "PATH")
            .map_or(DEFAULT_PATH, |e| e.1);
        let working_dir = program::working_dir(root, self.plan.working_dir.as_deref())?;
        let name = self.plan.argv.first().map_or("", String::as_str);
        let file = program::find(root, &working_dir, path, name)?;
        let ip = self.lease.ip().to_string();
        let mut command = Command::new(file);
        command
            .arg0(name)
            .args(self.plan.argv.iter().skip(1))
            .env_clear()
            .envs(env.iter().copied())
            .env("PATH", path)
            .env("FLOE_INSTANCE_IP", &ip)
            .env(VARIABLE, self.marker.of_container(&self.plan.name))
            .current_dir(working_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.lease.namespace().is_none() && !given("SERVER_HOST") {
            // The variable that the original's own sample service takes its address from.
            command.env("SERVER_HOST", ip);
        }
        Ok(command)
    }
}

fn count_restart(
    state: &mut ContainerState,
    first: bool,
    at: Option<floe_runtime::clock::Timestamp>,
) {
    if !first {
        state.restart_count = state.restart_count.saturating_add(1);
        state.last_restart = at.or(state.last_restart);
    }
}

/// Sends SIGTERM to the first process of a container, and to no other: it may need its children
/// to finish its work, and tells them itself when to end.
fn ask_to_end(child: &Child) {
    // The id is ours until the process is reaped, and then there is none any more.
    let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(id) = id {
        let _ = kill_process(id, Signal::TERM);
    }
}

async fn drain(pumps: &mut JoinSet<()>) {
    let all = async { while pumps.join_next().await.is_some() {} };
    // What is not read by then is lost with the pipe, which the drop of the pumps closes.
    let _ = tokio::time::timeout(DRAIN, all).await;
}

/// The exit code, or 128 + the signal that ended the process, as shells count.
fn exit_code(status: ExitStatus) -> i32 {
    let by_signal = || status.signal().map(|signal| 128 + signal);
    status.code().or_else(by_signal).unwrap_or(-1)
}
