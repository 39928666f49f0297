//! Fields of `resourceManagement`.

use super::{Key, Map, Shape};
use crate::limits::{MAX_CONDITIONS, MAX_STEPS};

pub(crate) static RESOURCE_MANAGEMENT: Map = Map {
    place: "under `resourceManagement`",
    keys: &[Key::new(
        "autoScalingPolicies",
        Shape::Map(&AUTO_SCALING),
        "",
    )],
};
pub(crate) static AUTO_SCALING: Map = Map {
    place: "under `autoScalingPolicies`",
    keys: &[
        Key::new("scaleUp", Shape::Map(&SCALE_UP), "adds instances"),
        Key::new(
            "scaleDown",
            Shape::Map(&SCALE_DOWN),
            "removes instances, never below the least",
        ),
        Key::new(
            "suspend",
            Shape::Map(&SUSPEND),
            "suspends the service; without `stepScaling`",
        ),
    ],
};
pub(crate) static SCALE_UP: Map = Map {
    place: "under `scaleUp`",
    keys: &[Key::new(
        "anyConditions",
        Shape::List(&CONDITION, MAX_CONDITIONS),
        "one of them must hold",
    )
    .required()],
};

const ALL: Key = Key::new(
    "allConditions",
    Shape::List(&CONDITION, MAX_CONDITIONS),
    "all of them must hold",
)
.required();

pub(crate) static SCALE_DOWN: Map = Map {
    place: "under `scaleDown`",
    keys: &[ALL],
};
pub(crate) static SUSPEND: Map = Map {
    place: "under `suspend`",
    keys: &[ALL],
};
pub(crate) static CONDITION: Map = Map {
    place: "in a condition",
    keys: &[Key::new("metricCondition", Shape::Map(&METRIC), "").required()],
};
pub(crate) static METRIC: Map = Map {
    place: "under `metricCondition`",
    keys: &[
        Key::new(
            "metricName",
            Shape::Text,
            "a platform metric such as `container.cpu.usage`, or one of the service's own",
        )
        .required(),
        Key::new(
            "labels",
            Shape::TextMap,
            "attributes that a sample must have; one that nothing has never fires",
        ),
        Key::new(
            "containerName",
            Shape::Text,
            "a container of the specification",
        ),
        Key::new(
            "aggregationType",
            Shape::Words(&["min", "max", "avg"]),
            "over the instances",
        )
        .required(),
        Key::new(
            "stabilizationPeriodSecs",
            Shape::Whole(1, 604_800),
            "seconds in which all samples must agree",
        )
        .required(),
        Key::new(
            "targetScaling",
            Shape::Map(&TARGET),
            "either this or `stepScaling`",
        ),
        Key::new(
            "stepScaling",
            Shape::Map(&STEPS),
            "either this or `targetScaling`; not under `suspend`",
        ),
    ],
};
pub(crate) static TARGET: Map = Map {
    place: "under `targetScaling`",
    keys: &[Key::new("targetValue", Shape::Number, "not negative").required()],
};
pub(crate) static STEPS: Map = Map {
    place: "under `stepScaling`",
    keys: &[
        Key::new(
            "adjustmentType",
            Shape::Words(&[
                "changeInstanceCount",
                "exactInstanceCount",
                "percentChangeInstanceCount",
            ]),
            "",
        )
        .required(),
        Key::new(
            "scalingSteps",
            Shape::List(&STEP, MAX_STEPS),
            "at least one",
        )
        .required(),
    ],
};
pub(crate) static STEP: Map = Map {
    place: "in a scaling step",
    keys: &[
        Key::new(
            "lowerBound",
            Shape::Number,
            "the step holds from this value on",
        ),
        Key::new("upperBound", Shape::Number, "and below this one"),
        Key::new(
            "targetAdjustment",
            Shape::Whole(0, 1_000_000),
            "by how much, or to which number; the policy says whether up or down",
        )
        .required(),
    ],
};
