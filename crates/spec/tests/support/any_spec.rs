//! Specifications at random, with every field of the format, and a writer of its own for them.

#[path = "any_spec/write.rs"]
mod write;

pub(crate) use write::write;

/// A value as it is meant, before it is written in some style.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    /// A text; may be written without quotes where it reads the same.
    Text(String),
    /// A text that must stand in quotes.
    Quoted(&'static str),
    /// A number.
    Number(String),
    Boolean(bool),
    List(Vec<Tree>),
    Map(Vec<(&'static str, Tree)>),
    /// A map whose keys are the user's own, in their order.
    Texts(Vec<(String, String)>),
}

/// A small generator (SplitMix64 by Sebastiano Vigna), so that one number is one specification.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(count).unwrap_or(1)).unwrap_or(0)
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.roll().is_multiple_of(2)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn some<T>(&mut self, most: usize, mut make: impl FnMut(&mut Dice, usize) -> T) -> Vec<T> {
        let count = self.below(most + 1);
        (0..count).map(|at| make(self, at)).collect()
    }
}

/// Texts that mean something in YAML, in one version of it, or to a terminal.
const TEXTS: [&str; 24] = [
    "plain",
    "a b",
    "é ☃ 😀",
    "it's \"quoted\"",
    "# no remark",
    "a: b",
    "- x",
    "@at",
    "{{ t }}",
    "",
    "two\nlines\n",
    "tab\tin",
    "8000",
    "True",
    "1.10",
    "0755",
    "yes",
    "\u{7f}",
    "null",
    "~",
    "*a",
    "\\n",
    "0x1F",
    "1_000",
];

fn text(value: &str) -> Tree {
    Tree::Text(value.to_owned())
}

fn number(value: impl ToString) -> Tree {
    Tree::Number(value.to_string())
}

fn texts(dice: &mut Dice, most: usize) -> Tree {
    Tree::List(dice.some(most, |dice, _| text(dice.one(&TEXTS))))
}

/// The fields of a map, of which each is there or not.
struct Fields<'d> {
    dice: &'d mut Dice,
    fields: Vec<(&'static str, Tree)>,
}

impl<'d> Fields<'d> {
    fn new(dice: &'d mut Dice) -> Self {
        Fields {
            dice,
            fields: Vec::new(),
        }
    }

    fn must(mut self, key: &'static str, make: impl FnOnce(&mut Dice) -> Tree) -> Self {
        let value = make(self.dice);
        self.fields.push((key, value));
        self
    }

    fn may(self, key: &'static str, make: impl FnOnce(&mut Dice) -> Tree) -> Self {
        if self.dice.coin() {
            self.must(key, make)
        } else {
            self
        }
    }

    fn map(self) -> Tree {
        Tree::Map(self.fields)
    }
}

/// A valid specification.
pub(crate) fn any_spec(dice: &mut Dice) -> Tree {
    let volumes = dice.some(4, volume);
    let containers = dice.below(2) + 1;
    let containers = (0..containers)
        .map(|at| container(dice, at, volumes.len()))
        .collect();
    let endpoints = dice.some(3, endpoint);
    let roles = dice.some(2, |dice, at| {
        let names = dice.some(endpoints.len(), |_, at| text(&format!("e{at}")));
        Tree::Map(vec![
            ("name", text(&format!("Role_{at}"))),
            ("endpoints", Tree::List(names)),
        ])
    });
    let spec = Fields::new(dice)
        .must("containers", |_| Tree::List(containers))
        .must("endpoints", |_| Tree::List(endpoints))
        .must("volumes", |_| Tree::List(volumes))
        .may("logExporters", |dice| {
            let level = dice.one(&["INFO", "ERROR", "NONE"]);
            nested("eventTableConfig", "logLevel", text(level))
        })
        .may("platformMonitor", |dice| {
            let groups = ["system", "system_limits", "status", "network", "storage"];
            let first = dice.below(groups.len());
            let groups = groups[first..].iter().map(|group| text(group)).collect();
            nested("metricConfig", "groups", Tree::List(groups))
        })
        .may("resourceManagement", policies)
        .may("networkPolicyConfig", |dice| {
            Tree::Map(vec![("allowInternetEgress", Tree::Boolean(dice.coin()))])
        })
        .map();
    Fields::new(dice)
        .must("spec", |_| spec)
        .may("capabilities", |dice| {
            let fields = Fields::new(dice)
                .must("executeAsCaller", |dice| Tree::Boolean(dice.coin()))
                .must("enableCustomCredentials", |dice| Tree::Boolean(dice.coin()));
            Tree::Map(vec![("securityContext", fields.map())])
        })
        .must("serviceRoles", |_| Tree::List(roles))
        .map()
}

fn nested(outer: &'static str, inner: &'static str, value: Tree) -> Tree {
    Tree::Map(vec![(outer, Tree::Map(vec![(inner, value)]))])
}

fn container(dice: &mut Dice, at: usize, volumes: usize) -> Tree {
    let mounts = dice.some(if volumes == 0 { 0 } else { 3 }, |dice, at| {
        let name = text(&format!("v{}", dice.below(volumes)));
        Tree::Map(vec![
            ("name", name),
            ("mountPath", text(&format!("/mnt/{at}"))),
        ])
    });
    let fields = Fields::new(dice)
        .must("name", |_| text(&format!("c{at}")))
        .must("image", |dice| {
            text(dice.one(&[
                "/db/s/r/i:V1",
                "host.example.com:5000/db/s/r/i",
                "r/i:latest",
            ]))
        })
        .may("sha256", |_| text("@sha256:00"))
        .may("command", |dice| texts(dice, 3))
        .may("args", |dice| texts(dice, 3))
        .may("env", |dice| named_texts(dice, "VAR"))
        .may("readinessProbe", probe)
        .may("livenessProbe", probe)
        .may("resources", |dice| resources(dice, true))
        .must("volumeMounts", |_| Tree::List(mounts))
        .must("secrets", |dice| Tree::List(dice.some(4, secret)));
    if fields.dice.coin() {
        return fields
            .may("mountSessionToken", |dice| Tree::Boolean(dice.coin()))
            .map();
    }
    fields.must("sessionTokenConfig", session_token).map()
}

fn named_texts(dice: &mut Dice, name: &str) -> Tree {
    let mut texts = dice.some(4, |dice, at| {
        let name = format!("{}{at}", dice.one(&[name, "snow.x.", "ä ", "on"]));
        (name, dice.one(&TEXTS).to_owned())
    });
    texts.push((name.to_owned(), "8000".to_owned()));
    Tree::Texts(texts)
}

fn probe(dice: &mut Dice) -> Tree {
    Fields::new(dice)
        .must("port", |dice| number(dice.below(65_535) + 1))
        .must("path", |dice| {
            text(dice.one(&["/", "/healthcheck", "/a?b=c&d=%20"]))
        })
        .may("periodSeconds", |dice| number(dice.one(&[1, 5, 10, 3600])))
        .may("failureThreshold", |dice| number(dice.one(&[1, 3, 9])))
        .map()
}

fn resources(dice: &mut Dice, accelerators: bool) -> Tree {
    let accelerators = accelerators && dice.coin();
    let gpu = dice.below(9);
    let side = |dice: &mut Dice, memory: &str, cpu: &[&str]| {
        let fields = Fields::new(dice)
            .must("memory", |_| text(memory))
            .may("cpu", |dice| text(dice.one(cpu)));
        match accelerators {
            true => fields
                .must("nvidia.com/gpu", |_| text(&gpu.to_string()))
                .map(),
            false => fields.map(),
        }
    };
    let requests = side(dice, "0.4Gi", &["0", "0.5", "500m"]);
    let limits = side(dice, "2G", &["1", "1.50", "96"]);
    Tree::Map(vec![("requests", requests), ("limits", limits)])
}

fn secret(dice: &mut Dice, at: usize) -> Tree {
    let source = match dice.coin() {
        true => ("objectName", text("db.schema.secret")),
        false => ("objectReference", text("my_reference")),
    };
    let fields = Fields::new(dice).must("snowflakeSecret", |_| Tree::Map(vec![source]));
    match fields.dice.below(3) {
        0 => fields
            .must("envVarName", |_| text(&format!("SECRET_{at}")))
            .may("secretKeyRef", |dice| {
                text(dice.one(&["username", "password", "secret_string", "access_token"]))
            }),
        1 => fields.must("directoryPath", |_| text(&format!("/run/s{at}"))),
        _ => fields,
    }
    .map()
}

fn session_token(dice: &mut Dice) -> Tree {
    if dice.coin() {
        return Tree::Map(vec![("mountConnectionConfig", Tree::Boolean(dice.coin()))]);
    }
    Fields::new(dice)
        .must("path", |dice| {
            text(dice.one(&["/opt/token", "/snowflake/session", "/a.b/c_d-e"]))
        })
        .may("permission", |dice| {
            Tree::Quoted(dice.one(&["0400", "0600", "0640", "0644"]))
        })
        .may("mountConnectionConfig", |dice| Tree::Boolean(dice.coin()))
        .map()
}

fn endpoint(dice: &mut Dice, at: usize) -> Tree {
    let fields = Fields::new(dice).must("name", |_| text(&format!("e{at}")));
    match fields.dice.below(4) {
        0 => fields
            .must("portRange", |_| text("29501-65000"))
            .must("protocol", |_| text("TCP")),
        1 => fields
            .must("port", |_| number(22))
            .must("protocol", |_| text("TCP"))
            .may("public", |_| Tree::Boolean(false)),
        2 => fields
            .must("port", |dice| number(dice.below(65_535) + 1))
            .may("protocol", |_| text("HTTP")),
        _ => fields
            .must("port", |_| number(443))
            .must("public", |_| Tree::Boolean(true))
            .may("corsSettings", |dice| {
                let origins = vec![text("https://example.com"), text("http://[::1]:8080")];
                Fields::new(dice)
                    .must("Access-Control-Allow-Origin", |_| Tree::List(origins))
                    .may("Access-Control-Allow-Methods", |_| {
                        Tree::List(vec![text("GET")])
                    })
                    .may("Access-Control-Allow-Headers", |_| {
                        Tree::List(vec![text("X-A")])
                    })
                    .may("Access-Control-Expose-Headers", |_| Tree::List(Vec::new()))
                    .map()
            }),
    }
    .map()
}

fn volume(dice: &mut Dice, at: usize) -> Tree {
    let fields = Fields::new(dice).must("name", |_| text(&format!("v{at}")));
    let fields = match fields.dice.below(5) {
        0 => return fields.must("source", |_| text("local")).map(),
        1 => {
            let fields = fields.must("source", |_| text("memory"));
            return fields
                .must("size", |dice| text(dice.one(&["2G", "0.5Gi", "512M"])))
                .map();
        }
        // A service has three of these at most, and four volumes here.
        2 if at < 3 => fields
            .must("source", |_| text("block"))
            .must("size", |dice| text(dice.one(&["100Gi", "65536Gi"])))
            .may("blockConfig", block),
        3 => fields.must("source", |_| text("@db.schema.stage/a folder")),
        _ => fields
            .must("source", |_| text("stage"))
            .must("stageConfig", |dice| {
                Fields::new(dice)
                    .must("name", |dice| {
                        text(dice.one(&["@stage", "@db.s.stage/a/b"]))
                    })
                    .may("metadataCache", |dice| {
                        text(dice.one(&["90s", "5m", "1h30m45s"]))
                    })
                    .may("resources", |dice| resources(dice, false))
                    .map()
            }),
    };
    fields
        .may("uid", |_| number(65_532))
        .may("gid", |_| number(0))
        .map()
}

fn block(dice: &mut Dice) -> Tree {
    Fields::new(dice)
        .may("initialContents", |_| {
            Tree::Map(vec![("fromSnapshot", text("db.s.snapshot"))])
        })
        .must("iops", |dice| number(dice.one(&[3000, 16_000])))
        .may("throughput", |dice| number(dice.one(&[125, 750])))
        .may("encryption", |dice| {
            text(dice.one(&["SNOWFLAKE_SSE", "SNOWFLAKE_FULL"]))
        })
        .may("snapshotOnDelete", |dice| Tree::Boolean(dice.coin()))
        .may("snapshotDeleteAfter", |dice| text(dice.one(&["12h", "7d"])))
        .map()
}

fn policies(dice: &mut Dice) -> Tree {
    let conditions = |dice: &mut Dice, list, suspends| {
        let count = dice.below(2) + 1;
        let all = (0..count)
            .map(|_| Tree::Map(vec![("metricCondition", condition(dice, suspends))]))
            .collect();
        Tree::Map(vec![(list, Tree::List(all))])
    };
    let policies = Fields::new(dice)
        .must("scaleUp", |dice| conditions(dice, "anyConditions", false))
        .may("scaleDown", |dice| conditions(dice, "allConditions", false))
        .may("suspend", |dice| conditions(dice, "allConditions", true))
        .map();
    Tree::Map(vec![("autoScalingPolicies", policies)])
}

fn condition(dice: &mut Dice, suspends: bool) -> Tree {
    let fields = Fields::new(dice)
        .must("metricName", |dice| {
            text(dice.one(&["network.ingress.cps", "my metric"]))
        })
        .may("labels", |dice| named_texts(dice, "snow.endpoint.name"))
        .may("containerName", |_| text("c0"))
        .must("aggregationType", |dice| {
            text(dice.one(&["min", "max", "avg"]))
        })
        .must("stabilizationPeriodSecs", |dice| {
            number(dice.below(604_800) + 1)
        });
    if suspends || fields.dice.coin() {
        let value = fields.dice.one(&["0", "0.80", "100", "1e3"]);
        let target = Tree::Map(vec![("targetValue", number(value))]);
        return fields.must("targetScaling", |_| target).map();
    }
    let kinds = [
        "changeInstanceCount",
        "exactInstanceCount",
        "percentChangeInstanceCount",
    ];
    let steps = vec![
        Tree::Map(vec![
            ("upperBound", number("-1.5")),
            ("targetAdjustment", number(0)),
        ]),
        Tree::Map(vec![
            ("lowerBound", number("-1.5")),
            ("upperBound", number("0.80")),
            ("targetAdjustment", number(1)),
        ]),
        Tree::Map(vec![
            ("lowerBound", number("0.80")),
            ("targetAdjustment", number(50)),
        ]),
    ];
    fields
        .must("stepScaling", |dice| {
            let kind = text(dice.one(&kinds));
            Tree::Map(vec![
                ("adjustmentType", kind),
                ("scalingSteps", Tree::List(steps)),
            ])
        })
        .map()
}
