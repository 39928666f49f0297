//! What is said about secrets and session tokens of a container.

#[path = "support/report.rs"]
mod report;

use floe_spec::ParseOptions;
use report::{check, container, count, report};

#[test]
fn a_secret_has_one_source() {
    let secret = |fields: &str| {
        container(&format!(
            "    secrets:\n    - snowflakeSecret: {fields}\n      directoryPath: /s\n"
        ))
    };
    for good in [
        "db.schema.secret",
        "{objectName: db.schema.secret}",
        "{objectReference: 'my_ref'}",
    ] {
        check(&secret(good), "");
    }
    check(
        &secret("{objectName: a, objectReference: b}"),
        "error[FLOE-SPEC-0041] at line 6, column 25
    (spec.containers[0].secrets[0].snowflakeSecret)
  a secret has either `objectName` or `objectReference`, not both",
    );
    check(
        &secret("{}"),
        "error[FLOE-SPEC-0041] at line 6, column 24
    (spec.containers[0].secrets[0].snowflakeSecret)
  the secret needs `objectName` or `objectReference`",
    );
    check(
        &secret("''"),
        "error[FLOE-SPEC-0032] at line 6, column 24
    (spec.containers[0].secrets[0].snowflakeSecret)
  `snowflakeSecret` must not be empty",
    );
    check(
        &secret("{objectName: ' '}"),
        "error[FLOE-SPEC-0032] at line 6, column 37
    (spec.containers[0].secrets[0].snowflakeSecret.objectName)
  `objectName` must not be empty",
    );
    check(
        &secret("[a]"),
        "error[FLOE-SPEC-0008] at line 6, column 24
    (spec.containers[0].secrets[0].snowflakeSecret)
  a text is expected here, not a list",
    );
    check(
        &secret("{name: a}"),
        "error[FLOE-SPEC-0010] at line 6, column 25
    (spec.containers[0].secrets[0].snowflakeSecret.name)
  the key `name` is not known here
error[FLOE-SPEC-0041] at line 6, column 25
    (spec.containers[0].secrets[0].snowflakeSecret)
  the secret needs `objectName` or `objectReference`",
    );
    check(
        &container("    secrets: [{directoryPath: /s}]\n"),
        "error[FLOE-SPEC-0009] at line 5, column 16 (spec.containers[0].secrets[0])
  the field `snowflakeSecret` is missing",
    );
    check(
        &container("    secrets: {snowflakeSecret: s}\n"),
        "error[FLOE-SPEC-0008] at line 5, column 14 (spec.containers[0].secrets)
  a list is expected here, not a map
  = begin each item on its own line with `- `",
    );
}

#[test]
fn a_secret_has_one_target() {
    let secret =
        |fields: &str| container(&format!("    secrets:\n    - snowflakeSecret: s\n{fields}"));
    for key in ["username", "password", "secret_string", "access_token"] {
        check(
            &secret(&format!("      envVarName: A\n      secretKeyRef: {key}\n")),
            "",
        );
    }
    check(&secret("      directoryPath: /usr/local/creds\n"), "");
    check(
        &secret(""),
        "warning[FLOE-SPEC-0042] at line 6, column 7 (spec.containers[0].secrets[0])
  the secret appears nowhere in the container
  = add `envVarName` with `secretKeyRef`, or `directoryPath`",
    );
    check(
        &secret("      envVarName: A\n"),
        "warning[FLOE-SPEC-0043] at line 6, column 7 (spec.containers[0].secrets[0])
  `secretKeyRef` is missing, which says what part of the secret the variable
    gets
  = add `secretKeyRef: secret_string`, or `username` or `password`",
    );
    check(
        &secret("      envVarName: A\n      directoryPath: /a\n      secretKeyRef: password\n"),
        "error[FLOE-SPEC-0042] at line 8, column 22
    (spec.containers[0].secrets[0].directoryPath)
  a secret has either `envVarName` or `directoryPath`, not both",
    );
    check(
        &secret("      directoryPath: /a\n      secretKeyRef: password\n"),
        "warning[FLOE-SPEC-0043] at line 8, column 21
    (spec.containers[0].secrets[0].secretKeyRef)
  `secretKeyRef` has an effect with `envVarName` only: a directory gets a file
    for every part",
    );
    check(
        &secret("      envVarName: A\n      secretKeyRef: SECRET_STRING\n"),
        "warning[FLOE-SPEC-0039] at line 8, column 21
    (spec.containers[0].secrets[0].secretKeyRef)
  `SECRET_STRING` is understood, but other systems may not read it
  = write `secret_string`",
    );
}

#[test]
fn the_parts_of_a_secret_are_some_words() {
    let secret =
        |fields: &str| container(&format!("    secrets:\n    - snowflakeSecret: s\n{fields}"));
    check(
        &secret("      envVarName: A\n      secretKeyRef: token\n"),
        "error[FLOE-SPEC-0018] at line 8, column 21
    (spec.containers[0].secrets[0].secretKeyRef)
  `token` is none of the words that are known here
  = write one of `username`, `password`, `secret_string`, `access_token`",
    );
    check(
        &secret("      envVarName: A\n      secretKeyRef: passwort\n"),
        "error[FLOE-SPEC-0018] at line 8, column 21
    (spec.containers[0].secrets[0].secretKeyRef)
  `passwort` is none of the words that are known here
  = did you mean `password`?",
    );
    check(
        &secret("      envVarName: A=B\n      secretKeyRef: password\n"),
        "error[FLOE-SPEC-0032] at line 7, column 19
    (spec.containers[0].secrets[0].envVarName)
  a variable's name must not be empty, hold `=` or control characters",
    );
    check(
        &secret("      directoryPath: creds\n"),
        "error[FLOE-SPEC-0045] at line 7, column 22
    (spec.containers[0].secrets[0].directoryPath)
  a directory is an absolute path without `..`
  = write for example `/usr/local/creds`",
    );
    check(
        &secret("      directoryPath: /a/../b\n"),
        "error[FLOE-SPEC-0045] at line 7, column 22
    (spec.containers[0].secrets[0].directoryPath)
  a directory is an absolute path without `..`
  = write for example `/usr/local/creds`",
    );
}

/// A container with this `sessionTokenConfig`.
fn token(fields: &str) -> String {
    container(&format!("    sessionTokenConfig: {{{fields}}}\n"))
}

#[test]
fn a_session_token_is_configured_by_one_field_at_least_and_only_when_it_is_mounted() {
    check(&token("mountConnectionConfig: true"), "");
    check(&token("mountConnectionConfig: false"), "");
    check(
        &token(""),
        "error[FLOE-SPEC-0044] at line 5, column 25
    (spec.containers[0].sessionTokenConfig)
  `sessionTokenConfig` must hold at least one field",
    );
    check(
        &container("    mountSessionToken: false\n    sessionTokenConfig: {path: /opt/t}\n"),
        "error[FLOE-SPEC-0044] at line 6, column 25
    (spec.containers[0].sessionTokenConfig)
  `mountSessionToken: false` leaves no token to configure
  = remove one of the two",
    );
    check(
        &container("    mountSessionToken: false\n    sessionTokenConfig: {}\n"),
        "error[FLOE-SPEC-0044] at line 6, column 25
    (spec.containers[0].sessionTokenConfig)
  `mountSessionToken: false` leaves no token to configure
  = remove one of the two",
    );
    check(
        &token("permission: \"0400\""),
        "error[FLOE-SPEC-0044] at line 5, column 38
    (spec.containers[0].sessionTokenConfig.permission)
  `permission` needs `path` beside it",
    );
    check(
        &container("    mountSessionToken: no\n"),
        "error[FLOE-SPEC-0008] at line 5, column 24
    (spec.containers[0].mountSessionToken)
  `true` or `false` is expected here, not a text
  = write `false`",
    );
}

#[test]
fn the_mode_of_a_token_is_a_quoted_octal_number_that_grants_little() {
    let mode = |mode: &str| token(&format!("path: /opt/t, permission: {mode}"));
    for good in [
        "\"0400\"",
        "'0600'",
        "\"0640\"",
        "\"0644\"",
        "\"0404\"",
        "&p \"0440\"",
    ] {
        check(&mode(good), "");
    }
    check(
        &mode("0600"),
        "error[FLOE-SPEC-0046] at line 5, column 52
    (spec.containers[0].sessionTokenConfig.permission)
  the mode must stand in quotes: YAML would read it as a number
  = write `\"0400\"`, `\"0600\"`, `\"0640\"` or `\"0644\"`",
    );
    check(
        &mode("384"),
        "error[FLOE-SPEC-0046] at line 5, column 52
    (spec.containers[0].sessionTokenConfig.permission)
  the mode must stand in quotes: YAML would read it as a number
  = write `\"0400\"`, `\"0600\"`, `\"0640\"` or `\"0644\"`",
    );
    for bad in [
        "'600'", "'00600'", "'0680'", "'1600'", "''", "'+600'", "'06 0'",
    ] {
        let found = report(&mode(bad), &ParseOptions::default());
        assert!(
            found.contains("the mode is four octal digits, the first of them 0"),
            "{bad}: {found}"
        );
        assert_eq!(count(&found), 1, "{bad}: {found}");
    }
    check(
        &mode("'0200'"),
        "error[FLOE-SPEC-0046] at line 5, column 52
    (spec.containers[0].sessionTokenConfig.permission)
  the owner must be allowed to read the file
  = write `\"0400\"`, `\"0600\"`, `\"0640\"` or `\"0644\"`",
    );
    check(
        &mode("'0755'"),
        "error[FLOE-SPEC-0046] at line 5, column 52
    (spec.containers[0].sessionTokenConfig.permission)
  the mode must not grant more than `0644`
  = write `\"0400\"`, `\"0600\"`, `\"0640\"` or `\"0644\"`",
    );
    check(
        &mode("'0666'"),
        "error[FLOE-SPEC-0046] at line 5, column 52
    (spec.containers[0].sessionTokenConfig.permission)
  the mode must not grant more than `0644`
  = write `\"0400\"`, `\"0600\"`, `\"0640\"` or `\"0644\"`",
    );
}

#[test]
fn the_directory_of_a_token_is_normalised_free_and_its_own() {
    for good in [
        "/opt/token",
        "/a.b/c_d-e",
        "/snowflake/session",
        "/snowflakes",
    ] {
        check(&token(&format!("path: {good}")), "");
    }
    for bad in ["/a/", "/", "/a//b", "/a/./b", "/a/../b", "//a"] {
        let found = report(&token(&format!("path: {bad}")), &ParseOptions::default());
        assert!(
            found.contains("the directory must be normalised"),
            "{bad}: {found}"
        );
    }
    check(
        &token("path: opt"),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  the directory must be absolute: begin it with `/`
  = choose a directory of its own, such as `/opt/token`",
    );
    check(
        &token("path: /a b"),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  the directory may hold letters, digits, `/`, `-`, `_` and `.` only
  = choose a directory of its own, such as `/opt/token`",
    );
    check(
        &token("path: /snowflake/other"),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  `/snowflake` is reserved
  = choose a directory of its own, such as `/opt/token`",
    );
    check(
        &token("path: /proc/self"),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  `/proc` is reserved
  = choose a directory of its own, such as `/opt/token`",
    );
    check(
        &token("path: /a/.."),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  the directory must be normalised: no `.`, `..`, `//` and no `/` at its end
  = choose a directory of its own, such as `/opt/token`",
    );
}

#[test]
fn the_directory_of_a_token_is_no_mount_of_the_container() {
    let taken = |mount: &str| {
        container(&format!(
            "    sessionTokenConfig: {{path: /opt/token}}\n    secrets: [{{snowflakeSecret: s, \
             directoryPath: /run}}]\n    volumeMounts: [{{name: v, mountPath: {mount}}}]\n  \
             volumes: [{{name: v, source: local}}]\n"
        ))
    };
    for free in ["/opt/tokens", "/opt/other", "/o"] {
        check(&taken(free), "");
    }
    check(
        &taken("/opt"),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  `/opt` is mounted in this container already
  = choose a directory of its own, such as `/opt/token`",
    );
    check(
        &taken("/opt/token/"),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  `/opt/token/` is mounted in this container already
  = choose a directory of its own, such as `/opt/token`",
    );
    check(
        &taken("/opt/token/below"),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  `/opt/token/below` is mounted in this container already
  = choose a directory of its own, such as `/opt/token`",
    );
    check(
        &container(
            "    sessionTokenConfig: {path: /run/t}\n    secrets: [{snowflakeSecret: s, \
             directoryPath: /run}]\n",
        ),
        "error[FLOE-SPEC-0045] at line 5, column 32
    (spec.containers[0].sessionTokenConfig.path)
  `/run` is mounted in this container already
  = choose a directory of its own, such as `/opt/token`",
    );
}
