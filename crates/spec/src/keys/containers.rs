//! Fields of a container.

use super::{GPU, Key, Kind, Map, Shape};
use crate::limits::{MAX_GPUS, MAX_MOUNTS, MAX_SECRETS};

pub(crate) static CONTAINER: Map = Map {
    place: "in a container",
    keys: &[
        super::top::NAME,
        Key::new(
            "image",
            Shape::Pattern(r"^\S+$"),
            "`/database/schema/repository/image:tag`, with or without the registry's host",
        )
        .required(),
        Key::new(
            "sha256",
            Shape::Text,
            "written by the system in DESCRIBE SERVICE; not read back, with a warning",
        )
        .kind(Kind::OutputOnly),
        Key::new("command", Shape::Texts, "replaces the image's ENTRYPOINT")
            .default("the image's ENTRYPOINT"),
        Key::new("args", Shape::Texts, "replaces the image's CMD").default("the image's CMD"),
        Key::new(
            "env",
            Shape::TextMap,
            "values keep the text they are written with",
        ),
        Key::new(
            "readinessProbe",
            Shape::Map(&READINESS),
            "HTTP GET, answered with 200; while it fails, the instance gets no traffic",
        )
        .default("ready as soon as it runs"),
        Key::new(
            "livenessProbe",
            Shape::Map(&LIVENESS),
            "HTTP GET, answered with 200; when it fails, the container is restarted",
        ),
        Key::new("resources", Shape::Map(&RESOURCES), "").default("derived"),
        Key::new("volumeMounts", Shape::List(&MOUNT, MAX_MOUNTS), ""),
        Key::new(
            "mountSessionToken",
            Shape::Boolean,
            "whether the container gets a session token",
        )
        .default("true"),
        Key::new(
            "sessionTokenConfig",
            Shape::Map(&SESSION_TOKEN),
            "at least one field; not with `mountSessionToken: false`",
        ),
        Key::new(
            "secrets",
            Shape::List(&SECRET, MAX_SECRETS),
            "at most 50 in the whole service",
        ),
    ],
};

const PERIOD: Key = Key::new(
    "periodSeconds",
    Shape::Whole(1, u32::MAX),
    "seconds between two requests",
);
const PROBE_PORT: Key = Key::new(
    "port",
    Shape::Whole(1, 65_535),
    "need not be a declared endpoint",
)
.required();
const PROBE_PATH: Key =
    Key::new("path", Shape::Pattern("^[!-\"$-~]+$"), "begins with `/`").required();
const THRESHOLD: Key = Key::new(
    "failureThreshold",
    Shape::Whole(1, u32::MAX),
    "failures in a row that count",
)
.default("3");

pub(crate) static READINESS: Map = Map {
    place: "under `readinessProbe`",
    keys: &[PROBE_PORT, PROBE_PATH, PERIOD.default("5"), THRESHOLD],
};
pub(crate) static LIVENESS: Map = Map {
    place: "under `livenessProbe`",
    keys: &[PROBE_PORT, PROBE_PATH, PERIOD.default("10"), THRESHOLD],
};

pub(crate) static RESOURCES: Map = Map {
    place: "under `resources`",
    keys: &[
        Key::new("limits", Shape::Map(&AMOUNTS), "what may be used at most")
            .default("the capacity of a node"),
        Key::new(
            "requests",
            Shape::Map(&AMOUNTS),
            "what must be free on a node",
        )
        .default("the greater of half a processor or 0.5Gi and the limit"),
    ],
};
pub(crate) static AMOUNTS: Map = Map {
    place: "under `requests` or `limits`",
    keys: &[
        Key::new("memory", Shape::Memory, "a unit is required"),
        Key::new("cpu", Shape::Cpu, "virtual processors: `0.5` or `500m`"),
        Key::new(
            GPU,
            Shape::Whole(0, MAX_GPUS),
            "requests and limits give the same number",
        ),
    ],
};

pub(crate) static MOUNT: Map = Map {
    place: "in a volume mount",
    keys: &[
        Key::new("name", Shape::Text, "a volume of `spec.volumes`").required(),
        Key::new(
            "mountPath",
            Shape::Pattern("^/"),
            "an absolute directory, without `..`, once in a container",
        )
        .required(),
    ],
};

pub(crate) static SESSION_TOKEN: Map = Map {
    place: "under `sessionTokenConfig`",
    keys: &[
        Key::new(
            "path",
            Shape::Pattern("^(/[A-Za-z0-9_.-]+)+$"),
            "a directory, normalised and not reserved; the file in it is called `token`",
        )
        .default("/snowflake/session"),
        Key::new(
            "permission",
            Shape::Pattern("^0[46][04][04]$"),
            "quoted; only with `path`; the owner may read, nobody more than `0644`",
        )
        .default("\"0644\""),
        Key::new(
            "mountConnectionConfig",
            Shape::Boolean,
            "whether a `connections.toml` is generated",
        )
        .default("false"),
    ],
};

/// What a secret may hold and a variable may take from it.
const SECRET_KEYS: &[&str] = &["username", "password", "secret_string", "access_token"];

pub(crate) static SECRET: Map = Map {
    place: "in a secret",
    keys: &[
        Key::new(
            "snowflakeSecret",
            Shape::TextOr(&SECRET_NAME),
            "the secret's name, or a map with its name or reference",
        )
        .required(),
        Key::new(
            "envVarName",
            Shape::Pattern("^[^=]+$"),
            "either this or `directoryPath`",
        ),
        Key::new(
            "directoryPath",
            Shape::Pattern("^/"),
            "either this or `envVarName`",
        ),
        Key::new(
            "secretKeyRef",
            Shape::Words(SECRET_KEYS),
            "with `envVarName`, and only with it",
        ),
    ],
};
pub(crate) static SECRET_NAME: Map = Map {
    place: "under `snowflakeSecret`",
    keys: &[
        Key::new(
            "objectName",
            Shape::Text,
            "either this or `objectReference`",
        ),
        Key::new(
            "objectReference",
            Shape::Text,
            "either this or `objectName`",
        ),
    ],
};
