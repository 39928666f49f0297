use floe_spec::{ParseOptions, ValidSpec};

use super::{Caller, impact, refusals};

fn spec(main: &str, rest: &str) -> ValidSpec {
    let text = format!("spec:\n  containers:\n  - {{name: main, image: /d/s/r/i{main}}}\n{rest}\n");
    let parsed = floe_spec::parse(&text, &ParseOptions::default());
    parsed
        .spec
        .unwrap_or_else(|| panic!("{:?}", parsed.findings))
}

fn codes(before: &ValidSpec, after: &ValidSpec) -> Vec<String> {
    let callers = [Caller {
        function: "F()".to_owned(),
        endpoint: "api".to_owned(),
    }];
    let notices = refusals(before, after).into_iter();
    let notices = notices.chain(impact(before, after, &callers));
    notices.map(|notice| notice.code().to_owned()).collect()
}

#[test]
fn what_callers_lose_is_found() {
    let api = |fields: &str| spec("", &format!("  endpoints: [{{name: api, {fields}}}]"));
    let probe = ", readinessProbe: {port: 8000, path: /health}";
    for (before, after, code) in [
        (api("port: 1"), spec("", ""), "endpoint-removed"),
        (api("port: 1"), api("port: 2"), "endpoint-moved"),
        (
            api("port: 1"),
            api("port: 1, protocol: TCP"),
            "endpoint-not-callable",
        ),
        (
            api("port: 1"),
            api("portRange: 1-2, protocol: TCP"),
            "endpoint-not-callable",
        ),
        (
            api("port: 1, public: true"),
            api("port: 1"),
            "endpoint-not-public",
        ),
        (spec(probe, ""), spec("", ""), "probe-removed"),
    ] {
        assert_eq!(codes(&before, &after), [code]);
        assert_eq!(codes(&before, &before), [""; 0]);
    }
    let role = "  endpoints: [{name: api, port: 1}]\nserviceRoles: [{name: r, endpoints: [api]}]";
    let none = "  endpoints: [{name: api, port: 1}]";
    assert_eq!(codes(&spec("", role), &spec("", none)), ["role-removed"]);
}

#[test]
fn block_volumes_stay_as_they_are() {
    let block = |fields: &str| {
        let mounts = ", volumeMounts: [{name: data, mountPath: /data}]";
        spec(
            mounts,
            &format!("  volumes: [{{name: data, source: block{fields}}}]"),
        )
    };
    let ten = block(", size: 10Gi");
    assert_eq!(codes(&ten, &spec("", "")), ["block-volume-removed"]);
    assert_eq!(codes(&spec("", ""), &ten), ["block-volume-added"]);
    for fields in [
        ", size: 11Gi",
        ", size: 10Gi, blockConfig: {iops: 4000}",
        ", size: 10Gi, blockConfig: {throughput: 200}",
        ", size: 10Gi, blockConfig: {encryption: SNOWFLAKE_FULL}",
    ] {
        assert_eq!(
            codes(&ten, &block(fields)),
            ["block-volume-changed"],
            "{fields}"
        );
    }
    let written = block(", size: 10Gi, blockConfig: {encryption: SNOWFLAKE_SSE}");
    assert_eq!(codes(&ten, &written), [""; 0], "the default, written down");
}
