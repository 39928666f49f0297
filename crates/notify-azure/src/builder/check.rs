//! Options that do not go together, or not with Azure.

use floe_notify::options::keys;
use floe_notify::{Cloud, Finding, Location, LocationError, Options, Store, codes};

use crate::connection_string::ConnectionString;

pub(super) fn for_set_up(options: &Options, location: Option<&Location>) -> Vec<Finding> {
    let mut findings = match location {
        Some(location) => options.check_setup(location),
        None => {
            let required = [keys::RESOURCE_GROUP, keys::SUBSCRIPTION_ID];
            let missing = required.into_iter();
            let missing = missing.filter(|key| options.find(*key).is_none());
            let message = "the option is required to list and tear down on Azure, too";
            missing
                .map(|key| Finding::error(codes::MISSING_OPTION, key.info().name, message))
                .collect()
        }
    };
    // Here the default chain stands in for a service principal.
    let client = keys::CLIENT_ID.info().name;
    findings.retain(|one| one.code != codes::MISSING_OPTION || one.subject != client);
    findings
}

/// Events, queue and files are of one account.
pub(super) fn other_account(options: &Options, location: Option<&Location>) -> Option<Finding> {
    let Store::Azure { account, .. } = location?.store() else {
        return None;
    };
    let string = options.find(keys::CONNECTION_STRING)?;
    let string = ConnectionString::parse(string.reveal()).ok()?;
    if string.account == *account {
        return None;
    }
    let message = format!(
        "it is for the storage account {}, and `path` is in {account}",
        string.account
    );
    let name = keys::CONNECTION_STRING.info().name;
    Some(Finding::error(codes::BAD_SUBSCRIPTION, name, message))
}

pub(super) fn watched(path: &str) -> Result<Location, Finding> {
    let name = keys::PATH.info().name;
    let refused = |error: LocationError| Finding::error(error.code(), name, error.to_string());
    let location = Location::parse(path).map_err(refused)?;
    if location.cloud() == Cloud::Azure {
        return Ok(location);
    }
    let message = format!(
        "{path} is on {}, and this resource manager is for Azure",
        location.cloud()
    );
    Err(Finding::error(codes::BAD_LOCATION, name, message)
        .with_hint("give a path like abfss://container@account.dfs.core.windows.net/in/"))
}
