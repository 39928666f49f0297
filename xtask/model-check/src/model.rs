//! The model as stateright sees it.

use std::fmt;

use floe_rollout::InstanceCount;
use stateright::{Checker, Model, Property};

use crate::books::Broken;
use crate::decider::{Decider, Mistake};
use crate::world::{Act, Budget, World};

/// Upgrades of one service.
#[derive(Debug, Clone)]
pub struct Upgrades {
    /// How many instances it has.
    pub instances: u32,
    /// How many of them an upgrade may have down.
    pub max_unavailable: u32,
    /// What may happen to it.
    pub budget: Budget,
    /// What is wrong with it on purpose.
    pub mistake: Option<Mistake>,
}

/// What is checked: four instances, with `full` six as well.
#[must_use]
pub fn scopes(full: bool) -> Vec<Upgrades> {
    let scope = |instances, max_unavailable, faults, targets, restarts| Upgrades {
        instances,
        max_unavailable,
        budget: Budget {
            faults,
            targets,
            restarts,
            wakes: 1,
        },
        mistake: None,
    };
    let mut scopes = vec![
        scope(4, 1, 1, 2, 0),
        scope(4, 1, 2, 1, 0),
        scope(4, 1, 0, 1, 1),
        scope(4, 2, 0, 2, 0),
        scope(4, 2, 1, 1, 0),
    ];
    if full {
        scopes.extend([
            scope(6, 1, 1, 2, 0),
            scope(6, 1, 2, 1, 0),
            scope(6, 2, 1, 1, 0),
        ]);
    }
    scopes
}

impl fmt::Display for Upgrades {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Budget {
            faults,
            targets,
            restarts,
            ..
        } = self.budget;
        let (instances, down) = (self.instances, self.max_unavailable);
        write!(
            f,
            "{instances} instances, {down} at a time, faults {faults}, new targets {targets}, \
             restarts {restarts}"
        )
    }
}

/// What was found.
#[derive(Debug)]
pub struct Outcome {
    /// Different states that were reached.
    pub states: usize,
    /// The longest of the shortest ways to them.
    pub depth: usize,
    /// The properties that do not hold, each with a way there.
    pub found: Vec<(&'static str, String)>,
}

impl Model for Upgrades {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        let Ok(count) = InstanceCount::new(self.instances) else {
            return Vec::new();
        };
        let decider = Decider::new(self.max_unavailable, self.mistake);
        vec![World::running(
            decider,
            count,
            self.max_unavailable,
            self.budget,
        )]
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        // A rule that is broken stays broken; there is nothing to learn behind it.
        if world.broken.is_none() {
            world.acts(acts);
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let mut next = world.clone();
        next.act(act);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("replaces in descending order", |_, world: &World| {
                world.broken != Some(Broken::Order)
            }),
            Property::always("keeps the floor", |_, world: &World| {
                world.broken != Some(Broken::Floor)
            }),
            Property::always("at most max_unavailable down", |_, world: &World| {
                world.broken != Some(Broken::TooManyDown)
            }),
            Property::always("one attempt alive", |_, world: &World| {
                world.broken != Some(Broken::TwoAlive)
            }),
            Property::always("starts what is wanted", |_, world: &World| {
                world.broken != Some(Broken::WrongStart)
            }),
            Property::always("stops with a reason", |_, world: &World| {
                world.broken != Some(Broken::NeedlessStop)
            }),
            Property::always("reaches its target", |_, world: &World| {
                world.broken.is_some() || world.reaches_its_target()
            }),
            Property::always("rolls back", |_, world: &World| {
                world.broken.is_some() || world.rolls_back()
            }),
        ]
    }
}

/// Explores every state, on all processors.
#[must_use]
pub fn check(model: &Upgrades) -> Outcome {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = model.clone().checker().threads(threads);
    let checker = checker.spawn_bfs().join();
    let found = checker.discoveries().into_iter();
    let told = |path: stateright::Path<World, Act>| format!("{:#?}", path.into_actions());
    Outcome {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        found: found.map(|(name, path)| (name, told(path))).collect(),
    }
}

impl Outcome {
    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} states, at most {} steps away", self.states, self.depth)
    }
}
