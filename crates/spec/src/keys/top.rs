//! Fields of the top level, of `spec` itself, of endpoints and of service roles.

use super::{CONTAINER, Key, Kind, Map, RESOURCE_MANAGEMENT, Shape, VOLUME};
use crate::limits::{MAX_CONTAINERS, MAX_ENDPOINTS, MAX_ROLES, MAX_VOLUMES};

pub(crate) const NAME: Key = Key::new(
    "name",
    Shape::Pattern("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"),
    "unique in its list",
)
.required();

pub(crate) static TOP: Map = Map {
    place: "at the top level, beside `spec`",
    keys: &[
        Key::new("spec", Shape::Map(&SPEC), "").required(),
        Key::new("capabilities", Shape::Map(&CAPABILITIES), ""),
        Key::new("serviceRoles", Shape::List(&ROLE, MAX_ROLES), ""),
    ],
};

pub(crate) static SPEC: Map = Map {
    place: "under `spec`",
    keys: &[
        Key::new(
            "containers",
            Shape::List(&CONTAINER, MAX_CONTAINERS),
            "1 to 20",
        )
        .alias("container")
        .required(),
        Key::new(
            "endpoints",
            Shape::List(&ENDPOINT, MAX_ENDPOINTS),
            "at most 100",
        )
        .alias("endpoint"),
        Key::new(
            "volumes",
            Shape::List(&VOLUME, MAX_VOLUMES),
            "at most 20, 3 of them block",
        )
        .alias("volume"),
        Key::new("logExporters", Shape::Map(&LOG_EXPORTERS), ""),
        Key::new("platformMonitor", Shape::Map(&PLATFORM_MONITOR), ""),
        Key::new(
            "resourceManagement",
            Shape::Map(&RESOURCE_MANAGEMENT),
            "not for jobs",
        ),
        Key::new(
            "networkPolicyConfig",
            Shape::Map(&NETWORK_POLICY),
            "a leftover of the preview: does nothing, with a warning",
        )
        .kind(Kind::Legacy),
    ],
};

pub(crate) static ENDPOINT: Map = Map {
    place: "in an endpoint",
    keys: &[
        NAME,
        Key::new(
            "port",
            Shape::Whole(1, 65_535),
            "either this or `portRange`",
        ),
        Key::new(
            "portRange",
            Shape::Pattern("^[0-9]{1,5}-[0-9]{1,5}$"),
            "either this or `port`; needs `protocol: TCP` and must not be public",
        ),
        Key::new("public", Shape::Boolean, "a public endpoint speaks HTTP").default("false"),
        Key::new(
            "protocol",
            Shape::Words(&["HTTP", "TCP", "HTTPS"]),
            "`HTTPS` is an older name of `HTTP`, with a warning",
        )
        .default("HTTP"),
        Key::new("corsSettings", Shape::Map(&CORS), "public endpoints only"),
    ],
};
pub(crate) static CORS: Map = Map {
    place: "under `corsSettings`",
    keys: &[
        Key::new(
            "Access-Control-Allow-Origin",
            Shape::Texts,
            "each a scheme and host without a path; never `*`",
        )
        .required(),
        Key::new("Access-Control-Allow-Methods", Shape::Texts, ""),
        Key::new("Access-Control-Allow-Headers", Shape::Texts, ""),
        Key::new("Access-Control-Expose-Headers", Shape::Texts, ""),
    ],
};

pub(crate) static LOG_EXPORTERS: Map = Map {
    place: "under `logExporters`",
    keys: &[Key::new("eventTableConfig", Shape::Map(&EVENT_TABLE), "")],
};
pub(crate) static EVENT_TABLE: Map = Map {
    place: "under `eventTableConfig`",
    keys: &[Key::new(
        "logLevel",
        Shape::Words(&["INFO", "ERROR", "NONE"]),
        "`ERROR` takes the standard error stream only",
    )
    .default("INFO")],
};

/// Groups of platform metrics.
const GROUPS: &[&str] = &["system", "system_limits", "status", "network", "storage"];

pub(crate) static PLATFORM_MONITOR: Map = Map {
    place: "under `platformMonitor`",
    keys: &[Key::new("metricConfig", Shape::Map(&METRIC_CONFIG), "")],
};
pub(crate) static METRIC_CONFIG: Map = Map {
    place: "under `metricConfig`",
    keys: &[Key::new("groups", Shape::WordList(GROUPS), "").required()],
};

pub(crate) static NETWORK_POLICY: Map = Map {
    place: "under `networkPolicyConfig`",
    keys: &[Key::new(
        "allowInternetEgress",
        Shape::Boolean,
        "does nothing",
    )],
};

pub(crate) static CAPABILITIES: Map = Map {
    place: "under `capabilities`",
    keys: &[Key::new("securityContext", Shape::Map(&SECURITY), "")],
};
pub(crate) static SECURITY: Map = Map {
    place: "under `securityContext`",
    keys: &[
        Key::new(
            "executeAsCaller",
            Shape::Boolean,
            "whether ingress requests carry a token of the caller",
        )
        .default("false"),
        Key::new(
            "enableCustomCredentials",
            Shape::Boolean,
            "whether the service may use credentials of its own",
        )
        .default("false"),
    ],
};

pub(crate) static ROLE: Map = Map {
    place: "in a service role",
    keys: &[
        Key::new(
            "name",
            Shape::Pattern("^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?$"),
            "unique in its list",
        )
        .required(),
        Key::new("endpoints", Shape::Texts, "endpoints of `spec.endpoints`").required(),
    ],
};
