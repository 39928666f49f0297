//! Replaying a trace: what the decider would have decided, and why.

mod log;
mod svg;
mod world;

use std::fmt;
use std::time::Duration;

use crate::decision::{Decision, Limit, Rule};
use crate::rules::Rules;
use crate::trace::{Trace, TraceError};
use crate::types::{Bounds, Millis};
use world::World;

/// How long a value of a trace holds when no later row has one: metrics are commonly exported
/// once a minute, so one row may be lost.
pub const MAX_VALUE_AGE: Duration = Duration::from_secs(120);

/// What a replay assumes about the world.
///
/// ```
/// use floe_scale::ReplayOptions;
/// let options = ReplayOptions::default();
/// assert_eq!(options.start_delay.as_secs(), 60);
/// assert!(options.auto_resume);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayOptions {
    /// How long an instance takes until it is there; those that are removed are gone at once.
    pub start_delay: Duration,
    /// AUTO_RESUME: a query resumes a suspended service.
    pub auto_resume: bool,
}

impl Default for ReplayOptions {
    /// A minute for an image that has to be pulled; AUTO_RESUME as *CREATE SERVICE* has it.
    fn default() -> Self {
        Self {
            start_delay: Duration::from_secs(60),
            auto_resume: true,
        }
    }
}

/// What came of a replay: every decision, and what is needed to draw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// When the trace begins.
    pub start: Millis,
    /// Every decision, also those that keep everything as it is.
    pub decisions: Vec<Decision>,
    /// What was true at each evaluation.
    pub points: Vec<Point>,
    /// What the rules looked at, each with one value per point.
    pub tracks: Vec<Track>,
    /// What the reader should know.
    pub notices: Vec<Notice>,
}

/// One evaluation.
///
/// ```
/// use floe_scale::{Bounds, Millis, Point};
/// let point = Point { at: Millis(0), current: 1, target: 2, bounds: Bounds::new(1, 3)? };
/// assert!(point.current < point.target, "one instance is starting");
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub at: Millis,
    /// Instances that existed, after those that the decision removed were gone.
    pub current: u32,
    /// Instances that were to exist, after the decision.
    pub target: u32,
    /// MIN_INSTANCES and MAX_INSTANCES.
    pub bounds: Bounds,
}

/// One metric as a rule looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// What it is, with its unit where that is known.
    pub title: String,
    /// The values are shares, to be shown as percentages.
    pub is_share: bool,
    /// What the values are compared with, and by which rule.
    pub limits: Vec<(Rule, Limit)>,
    /// One value for each point; `None` where none, or not all, is known.
    pub values: Vec<Option<f64>>,
}

/// Something that the reader of a replay should know.
///
/// ```
/// let notice = floe_scale::Notice::Unread { column: "queue.lenght".to_owned() };
/// assert_eq!(notice.to_string(), "no rule looks at column `queue.lenght`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A rule looks at a metric of which the trace has no column.
    NoColumn {
        /// The metric.
        metric: String,
    },
    /// No rule looks at a column of the trace.
    Unread {
        /// The metric of the column.
        column: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumn { metric } => write!(
                f,
                "the trace has no column for {metric}, so rules that look at it change nothing"
            ),
            Self::Unread { column } => write!(f, "no rule looks at column `{column}`"),
        }
    }
}

/// Plays a trace against the decider and notes what it decides.
///
/// The metrics are looked at every [`EVALUATION_INTERVAL`](crate::EVALUATION_INTERVAL) from the
/// first row to the last, each time with the newest row; a value holds for [`MAX_VALUE_AGE`] when
/// no later row has one. Events happen at their own time. The service begins with MIN_INSTANCES.
///
/// The same trace gives the same replay, on any machine.
///
/// # Errors
///
/// [`TraceError::Bounds`] when a row sets MIN_INSTANCES above MAX_INSTANCES.
///
/// ```
/// use floe_scale::{Bounds, Kind, ReplayOptions, Rules, Settings, Trace, replay};
///
/// let trace = Trace::parse("seconds,sum(container.cpu.usage)\n0,1.8\n60,1.8\n120,1.8\n180,1.8\n\
///                           240,1.8\n300,1.8\n360,1.8\n")?;
/// let rules = Rules::new(&Settings { cpu_request: Some(1.0), ..Settings::default() })?;
/// let replay = replay(&trace, &rules, Bounds::new(1, 4)?, &ReplayOptions::default())?;
///
/// let changes: Vec<_> = replay.changes().collect();
/// assert_eq!(changes.len(), 1);
/// assert_eq!((changes[0].kind(), changes[0].after), (Kind::ScaleUp, 2));
/// assert!(replay.table().contains("CPU is at 180 % of the request"));
/// assert!(replay.svg("One more").starts_with("<svg"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn replay(
    trace: &Trace,
    rules: &Rules,
    bounds: Bounds,
    options: &ReplayOptions,
) -> Result<Replay, TraceError> {
    World::new(trace, rules, bounds, *options).play()
}

impl Replay {
    /// The decisions that change the number of instances.
    ///
    /// ```
    /// use floe_scale::{Bounds, ReplayOptions, Rules, Trace, replay};
    /// let trace = Trace::parse("seconds,command\n0,\n30,suspend\n")?;
    /// let bounds = Bounds::new(1, 1)?;
    /// let replay = replay(&trace, &Rules::default(), bounds, &ReplayOptions::default())?;
    /// assert_eq!(replay.changes().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changes(&self) -> impl Iterator<Item = &Decision> {
        let changes = |decision: &&Decision| decision.before != decision.after;
        self.decisions.iter().filter(changes)
    }

    /// The log as a table for people: every change, and between them the reasons to keep the
    /// number, each run of the same reason in one line.
    ///
    /// ```
    /// use floe_scale::{Bounds, ReplayOptions, Rules, Trace, replay};
    /// let trace = Trace::parse("seconds,command\n0,\n30,\n60,suspend\n")?;
    /// let bounds = Bounds::new(1, 1)?;
    /// let replay = replay(&trace, &Rules::default(), bounds, &ReplayOptions::default())?;
    /// assert!(replay.table().contains("0:01:00  suspend   1 → 0"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn table(&self) -> String {
        log::table(self)
    }

    /// The log for programs: one JSON object per decision and line, with `seconds` (as in the
    /// trace), `decision`, `before`, `after`, `reason` (a word), `text` (the sentence), and, where
    /// the decision is about a rule, `rule`, `metric`, `value` (null when unknown) and
    /// `threshold`.
    ///
    /// ```
    /// use floe_scale::{Bounds, ReplayOptions, Rules, Trace, replay};
    /// let trace = Trace::parse("seconds,command\n0.5,suspend\n")?;
    /// let bounds = Bounds::new(1, 1)?;
    /// let replay = replay(&trace, &Rules::default(), bounds, &ReplayOptions::default())?;
    /// let first = replay.json_lines().lines().next().map(str::to_owned);
    /// assert_eq!(
    ///     first.as_deref(),
    ///     Some(
    ///         "{\"seconds\":0.5,\"decision\":\"suspend\",\"before\":1,\"after\":0,\
    ///          \"reason\":\"asked_to_suspend\",\"text\":\"the user suspended the service\"}"
    ///     ),
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn json_lines(&self) -> String {
        log::json_lines(self)
    }

    /// The replay as a picture: metrics with their thresholds, and the number of instances as a
    /// step line with every change marked. It stands alone and is readable on light and dark
    /// ground.
    ///
    /// ```
    /// use floe_scale::{Bounds, ReplayOptions, Rules, Trace, replay};
    /// let trace = Trace::parse("seconds,command\n0,\n300,suspend\n")?;
    /// let bounds = Bounds::new(1, 1)?;
    /// let replay = replay(&trace, &Rules::default(), bounds, &ReplayOptions::default())?;
    /// assert!(replay.svg("A < B").contains("A &lt; B"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn svg(&self, title: &str) -> String {
        svg::draw(self, title)
    }
}
