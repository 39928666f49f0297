//! What is said about endpoints and service roles.

#[path = "support/report.rs"]
mod report;

use floe_spec::ParseOptions;
use report::{check, container, count, report};

#[test]
fn endpoints_obey_the_rules_between_port_protocol_and_publicity() {
    let endpoint = |fields: &str| container(&format!("  endpoints:\n  - {{name: e, {fields}}}\n"));
    for good in [
        "port: 1",
        "port: 65535, public: true",
        "port: 22, protocol: TCP",
        "port: 80, public: True, protocol: HTTP",
        "port: 80, public: true, corsSettings: \
         {Access-Control-Allow-Origin: [\"https://a.example\"]}",
        "portRange: 29501-65000, protocol: TCP",
        "portRange: \"5-5\", protocol: TCP, public: false",
    ] {
        assert_eq!(
            report(&endpoint(good), &ParseOptions::default()),
            "",
            "{good}"
        );
    }
    for (bad, code) in [
        ("public: true", "0015"),
        ("port: 1, portRange: 1-2, protocol: TCP", "0015"),
        ("port: 1, portRange: 1-2", "0015"),
        ("port: 1, portRange: 1-2, public: true", "0015"),
        ("portRange: 1-2", "0016"),
        ("portRange: 1-2, protocol: TCP, public: true", "0016"),
        ("portRange: 2-1, protocol: TCP", "0014"),
        ("portRange: 0-1, protocol: TCP", "0014"),
        ("portRange: 1-65536, protocol: TCP", "0014"),
        ("portRange: +1-2, protocol: TCP", "0014"),
        ("port: 65536", "0014"),
        ("port: -1", "0014"),
        ("port: 80.0", "0014"),
        ("port: 0x50", "0014"),
        ("port: +80", "0014"),
        ("port: [80]", "0008"),
        ("port: 80, public: true, protocol: TCP", "0017"),
        ("port: 80, protocol: UDP", "0018"),
        ("port: 80, public: yes", "0008"),
        (
            "port: 80, public: yes, corsSettings: {Access-Control-Allow-Origin: [\"http://a\"]}",
            "0008",
        ),
        ("port: 80, public: some text, protocol: TCP", "0008"),
    ] {
        let found = report(&endpoint(bad), &ParseOptions::default());
        assert!(
            found.starts_with(&format!("error[FLOE-SPEC-{code}]")),
            "{bad}: {found}"
        );
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
}

#[test]
fn service_roles_name_existing_endpoints() {
    let roles = |list: &str| {
        container(&format!(
            "  endpoints: [{{name: e, port: 1}}]\nserviceRoles: [{list}]\n"
        ))
    };
    assert_eq!(
        report(
            &roles("{name: A_1, endpoints: [e]}"),
            &ParseOptions::default()
        ),
        ""
    );
    check(
        &roles("{name: _a, endpoints: [f]}, {name: b}, {name: b, endpoints: [e]}"),
        "error[FLOE-SPEC-0012] at line 6, column 23 (serviceRoles[0].name)
  `_a` is not a name for a service role
  = use letters, digits and `_`, beginning with a letter and not ending with `_`
error[FLOE-SPEC-0028] at line 6, column 39 (serviceRoles[0].endpoints[0])
  there is no endpoint `f`
  = name an endpoint of `spec.endpoints`
error[FLOE-SPEC-0009] at line 6, column 45 (serviceRoles[1])
  the field `endpoints` is missing
error[FLOE-SPEC-0013] at line 6, column 62 (serviceRoles[2].name)
  another service role is named `b` already",
    );
}

#[test]
fn a_range_of_ports_is_told_what_it_lacks() {
    let endpoint = |fields: &str| container(&format!("  endpoints:\n  - {{name: e, {fields}}}\n"));
    check(
        &endpoint("portRange: 1-2"),
        "error[FLOE-SPEC-0016] at line 6, column 26 (spec.endpoints[0].portRange)
  a range of ports needs `protocol: TCP` and must not be public
  = write `protocol: TCP`",
    );
    check(
        &endpoint("portRange: 1-2, protocol: TCP, public: true"),
        "error[FLOE-SPEC-0016] at line 6, column 26 (spec.endpoints[0].portRange)
  a range of ports needs `protocol: TCP` and must not be public
  = remove `public: true`",
    );
    check(
        &endpoint("portRange: 1-2, public: true"),
        "error[FLOE-SPEC-0016] at line 6, column 26 (spec.endpoints[0].portRange)
  a range of ports needs `protocol: TCP` and must not be public
  = remove `public: true`, and write `protocol: TCP`",
    );
    check(
        &endpoint("portRange: 080 - 90, protocol: TCP"),
        "warning[FLOE-SPEC-0039] at line 6, column 26 (spec.endpoints[0].portRange)
  `080 - 90` is understood, but other systems may not read it
  = write `80-90`",
    );
    check(
        &endpoint("portRange: 80, protocol: TCP"),
        "error[FLOE-SPEC-0014] at line 6, column 26 (spec.endpoints[0].portRange)
  a range of ports is written `first-last`, each from 1 to 65535
  = write for example `29501-29600`",
    );
    check(
        &endpoint("port: 80, public: true, protocol: TCP"),
        "error[FLOE-SPEC-0017] at line 6, column 33 (spec.endpoints[0].public)
  a public endpoint needs `protocol: HTTP`
  = remove `protocol: TCP`, or `public: true`",
    );
    check(
        &endpoint("port: 1, portRange: 1-2"),
        "error[FLOE-SPEC-0015] at line 6, column 35 (spec.endpoints[0].portRange)
  an endpoint has either `port` or `portRange`, not both",
    );
}

#[test]
fn older_and_other_spellings_of_a_protocol_are_understood() {
    let endpoint = |word: &str| {
        container(&format!(
            "  endpoints:\n  - {{name: e, port: 443, protocol: {word}}}\n"
        ))
    };
    for good in ["HTTP", "TCP"] {
        check(&endpoint(good), "");
    }
    check(
        &endpoint("HTTPS"),
        "warning[FLOE-SPEC-0039] at line 6, column 36 (spec.endpoints[0].protocol)
  `HTTPS` is understood, but other systems may not read it
  = write `HTTP`, the present name",
    );
    check(
        &endpoint("tcp"),
        "warning[FLOE-SPEC-0039] at line 6, column 36 (spec.endpoints[0].protocol)
  `tcp` is understood, but other systems may not read it
  = write `TCP`",
    );
    check(
        &endpoint("UDP"),
        "error[FLOE-SPEC-0018] at line 6, column 36 (spec.endpoints[0].protocol)
  `UDP` is none of the words that are known here
  = write one of `HTTP`, `TCP`",
    );
}

/// A public endpoint with these settings.
fn cors(settings: &str) -> String {
    container(&format!(
        "  endpoints:\n  - name: e\n    port: 1\n    public: true\n    \
         corsSettings: {{{settings}}}\n"
    ))
}

#[test]
fn cors_settings_belong_to_public_endpoints_and_name_origins() {
    let origin = "Access-Control-Allow-Origin";
    check(
        &container(&format!(
            "  endpoints: [{{name: e, port: 1, corsSettings: {{{origin}: [\"http://a\"]}}}}]\n"
        )),
        "error[FLOE-SPEC-0047] at line 5, column 48 (spec.endpoints[0].corsSettings)
  browsers reach public endpoints only, so this one takes no CORS settings
  = add `public: true`, or remove `corsSettings`",
    );
    check(
        &cors(""),
        "error[FLOE-SPEC-0009] at line 9, column 19 (spec.endpoints[0].corsSettings)
  the field `Access-Control-Allow-Origin` is missing",
    );
    check(
        &cors(&format!("{origin}: []")),
        "error[FLOE-SPEC-0048] at line 9, column 49
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Origin)
  `Access-Control-Allow-Origin` needs at least one origin",
    );
    check(
        &cors(&format!("{origin}: \"https://a.example\"")),
        "error[FLOE-SPEC-0008] at line 9, column 49
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Origin)
  a list is expected here, not a text
  = write it as `Access-Control-Allow-Origin: [\"https://example.com\"]`",
    );
    check(
        &cors("Access-Control-Allow-Methods: GET, Access-Control-Allow-Header: [a]"),
        "error[FLOE-SPEC-0009] at line 9, column 20 (spec.endpoints[0].corsSettings)
  the field `Access-Control-Allow-Origin` is missing
error[FLOE-SPEC-0008] at line 9, column 50
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Methods)
  a list is expected here, not a text
  = write it as `Access-Control-Allow-Methods: [GET, POST]`
error[FLOE-SPEC-0010] at line 9, column 55
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Header)
  the key `Access-Control-Allow-Header` is not known here
  = did you mean `Access-Control-Allow-Headers`?",
    );
    check(
        &cors(&format!(
            "{origin}: [\"https://a\"], \
             Access-Control-Allow-Headers: [\"X\\r\\nSet-Cookie: a\", X-Ok]"
        )),
        "error[FLOE-SPEC-0032] at line 9, column 95
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Headers[0])
  a header holds visible ASCII characters only",
    );
}

#[test]
fn an_origin_is_a_scheme_and_a_host_without_a_path() {
    let origin = |origin: &str| cors(&format!("Access-Control-Allow-Origin: [\"{origin}\"]"));
    for good in [
        "https://example.com",
        "http://localhost:8080",
        "https://a-b.example.com:65535",
        "http://[::1]:80",
        "http://[2001:db8::1]",
        "http://10.0.0.1",
    ] {
        check(&origin(good), "");
    }
    check(
        &origin("*"),
        "error[FLOE-SPEC-0048] at line 9, column 50
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Origin[0])
  `*` is not allowed: it would let pages of every origin act for the user
  = write for example `https://example.com`",
    );
    check(
        &origin("https://*.example.com"),
        "error[FLOE-SPEC-0048] at line 9, column 50
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Origin[0])
  `*` is not allowed: it would let pages of every origin act for the user
  = write for example `https://example.com`",
    );
    check(
        &origin("https://example.com/"),
        "error[FLOE-SPEC-0048] at line 9, column 50
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Origin[0])
  an origin has no path, not even `/`
  = write for example `https://example.com`",
    );
    check(
        &origin("https://example.com/path"),
        "error[FLOE-SPEC-0048] at line 9, column 50
    (spec.endpoints[0].corsSettings.Access-Control-Allow-Origin[0])
  an origin is a scheme, a host and perhaps a port, without a path
  = write for example `https://example.com`",
    );
    for bad in [
        "",
        "example.com",
        "ftp://a",
        "https://",
        "https://a:0",
        "https://a:65536",
        "https://a:x",
        "https://a:",
        "https://a b",
        "https://user@a",
        "http://[::1",
        "http://[x]",
        "https://.a",
        "https://a?b",
        "null",
    ] {
        let found = report(&origin(bad), &ParseOptions::default());
        assert!(found.starts_with("error[FLOE-SPEC-0048]"), "{bad}: {found}");
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
}

#[test]
fn roles_are_checked_even_where_the_service_is_not_read() {
    check(
        "serviceRoles: [{name: a-b, endpoints: e}]\n",
        "error[FLOE-SPEC-0009] at line 1, column 1
  the field `spec` is missing
error[FLOE-SPEC-0012] at line 1, column 23 (serviceRoles[0].name)
  `a-b` is not a name for a service role
  = use letters, digits and `_`, beginning with a letter and not ending with `_`
error[FLOE-SPEC-0008] at line 1, column 39 (serviceRoles[0].endpoints)
  a list is expected here, not a text
  = write it as `endpoints: [endpoint]`",
    );
    check(
        &container("serviceRoles:\n- name: r\n  endpoints: [[a]]\n"),
        "error[FLOE-SPEC-0008] at line 7, column 15 (serviceRoles[0].endpoints[0])
  a text is expected here, not a list",
    );
}
