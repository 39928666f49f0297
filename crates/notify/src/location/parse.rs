//! From the text of a path to its parts.

use super::{LocationError, Store};

/// S3 buckets have 3 to 63 characters; those made in us-east-1 before 2018 may have up to 255,
/// with capitals and underscores ("Bucket naming rules", Amazon S3 user guide).
const S3_BUCKET: (usize, usize) = (3, 255);
/// Cloud Storage buckets with dots may have 222 characters ("About Cloud Storage buckets").
const GCS_BUCKET: (usize, usize) = (3, 222);
/// "Naming and referencing containers, blobs, and metadata", Azure Storage.
const CONTAINER: (usize, usize) = (3, 63);
/// "Storage account overview", Azure Storage.
const ACCOUNT: (usize, usize) = (3, 24);
/// Containers that break the rules of names and exist all the same.
const SPECIAL_CONTAINERS: [&str; 4] = ["$root", "$web", "$logs", "$blobchangefeed"];

pub(super) fn parse(path: &str) -> Result<(Store, String), LocationError> {
    if path.starts_with('/') {
        return local(path, path);
    }
    let unknown = || LocationError::UnknownStorage {
        path: path.to_owned(),
    };
    if let Some(rest) = strip_scheme(path, "file:") {
        // `file:/srv`, `file:///srv`: the host between the slashes is always empty.
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        return if rest.starts_with('/') {
            local(path, rest)
        } else {
            Err(unknown())
        };
    }
    if strip_scheme(path, "dbfs:").is_some() {
        return Err(LocationError::MountPoint {
            path: path.to_owned(),
        });
    }
    let (scheme, rest) = path.split_once("://").ok_or_else(unknown)?;
    let (host, key) = rest.split_once('/').unwrap_or((rest, ""));
    let directory = key.trim_matches('/').to_owned();
    let store = match scheme.to_ascii_lowercase().as_str() {
        "s3" | "s3a" | "s3n" => s3(path, host)?,
        "gs" => gcs(path, host)?,
        "abfs" | "abfss" | "wasb" | "wasbs" => azure(path, host)?,
        "adl" => {
            return Err(LocationError::DataLakeGen1 {
                path: path.to_owned(),
            });
        }
        _ => return Err(unknown()),
    };
    Ok((store, directory))
}

fn strip_scheme<'a>(path: &'a str, scheme: &str) -> Option<&'a str> {
    let head = path.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme)
        .then(|| path.get(scheme.len()..))
        .flatten()
}

fn local(written: &str, path: &str) -> Result<(Store, String), LocationError> {
    if path.contains('\0') {
        return Err(bad(
            written,
            "a directory",
            "a path holds no NUL".to_owned(),
        ));
    }
    let trimmed = path.trim_end_matches('/');
    let path = if trimmed.is_empty() { "/" } else { trimmed };
    Ok((Store::Local, path.to_owned()))
}

fn s3(path: &str, bucket: &str) -> Result<Store, LocationError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    check(path, "an S3 bucket", bucket, S3_BUCKET, fits)?;
    Ok(Store::S3 {
        bucket: bucket.to_owned(),
    })
}

fn gcs(path: &str, bucket: &str) -> Result<Store, LocationError> {
    let fits = |c: char| is_lower_or_digit(c) || "._-".contains(c);
    check(path, "a Cloud Storage bucket", bucket, GCS_BUCKET, fits)?;
    Ok(Store::Gcs {
        bucket: bucket.to_owned(),
    })
}

fn azure(path: &str, authority: &str) -> Result<Store, LocationError> {
    let what = "a container and an account";
    let Some((container, host)) = authority.split_once('@') else {
        let reason = "the form is abfss://container@account.dfs.core.windows.net/directory";
        return Err(bad(path, what, reason.to_owned()));
    };
    let (account, endpoint) = host.split_once('.').unwrap_or((host, ""));
    if !SPECIAL_CONTAINERS.contains(&container) {
        let fits = |c: char| is_lower_or_digit(c) || c == '-';
        check(path, "a container", container, CONTAINER, fits)?;
    }
    check(
        path,
        "a storage account",
        account,
        ACCOUNT,
        is_lower_or_digit,
    )?;
    let known = ["dfs.", "blob."]
        .iter()
        .any(|service| endpoint.starts_with(service));
    if !known {
        let reason = format!(
            "its host ends with '{endpoint}'; that of an account goes on with dfs. or blob., such \
             as {account}.dfs.core.windows.net"
        );
        return Err(bad(path, "a storage account", reason));
    }
    Ok(Store::Azure {
        account: account.to_owned(),
        container: container.to_owned(),
        endpoint: endpoint.to_owned(),
    })
}

fn is_lower_or_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn check(
    path: &str,
    what: &'static str,
    name: &str,
    (least, most): (usize, usize),
    fits: impl Fn(char) -> bool,
) -> Result<(), LocationError> {
    let reason = match name.chars().find(|c| !fits(*c)) {
        _ if name.is_empty() => "it is empty".to_owned(),
        Some(c) => format!("it holds '{}'", c.escape_debug()),
        None if !(least..=most).contains(&name.len()) => {
            format!(
                "'{name}' is {} long; {least} to {most} characters are allowed",
                name.len()
            )
        }
        None => return Ok(()),
    };
    Err(bad(path, what, reason))
}

fn bad(path: &str, what: &'static str, reason: String) -> LocationError {
    LocationError::BadPart {
        path: path.to_owned(),
        what,
        reason,
    }
}
