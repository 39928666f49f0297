//! Statements, executed one at a time.

use std::sync::Arc;

use floe_sql::{ObjectName, Parsed, Statement};

use crate::catalog::{DATABASE, SCHEMA, ServiceRecord};
use crate::engine::Shared;
use crate::error::{Diagnostic, EngineError, Failure};
use crate::output::{Output, Table};
use crate::statements::{functions, pools, query, services, show, stream, system_functions};

/// Executes parsed statements. Cheap to clone; several may run at once.
#[derive(Debug, Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

/// What a statement answered, and what the user should know about it.
#[derive(Debug)]
pub struct Answer {
    /// The result.
    pub output: Output,
    /// Findings that did not stop the statement.
    pub warnings: Vec<Diagnostic>,
}

impl From<Table> for Answer {
    fn from(table: Table) -> Self {
        Self {
            output: Output::Table(table),
            warnings: Vec::new(),
        }
    }
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Executes one statement; spans of diagnostics are bytes of the script it was parsed from.
    ///
    /// # Expected flow
    ///
    /// Statements that change the catalog return when the change is durable;
    /// instances follow. Queries return as soon as their plan is made; the
    /// work happens while the rows are read.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the statement, at once where more than
    /// one thing can be told; nothing was changed then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves a change either made or not made.
    ///
    /// ```
    /// # use floe_engine::{DataDir, Engine, EngineOptions};
    /// # use floe_runtime::sim::SimulatedRuntime;
    /// # let dir = tempfile::tempdir().unwrap();
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let data = DataDir::hold(dir.path()).unwrap();
    /// # let runtime = std::sync::Arc::new(SimulatedRuntime::default());
    /// # let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
    /// let script = "DROP SERVICE nosuch";
    /// let parsed = floe_sql::parse_script(script).unwrap();
    /// let failure = engine.session().execute(&parsed[0]).await.unwrap_err();
    /// assert_eq!(failure.diagnostics[0].code, "FLOE-ENGINE-0007");
    /// assert_eq!(failure.diagnostics[0].span, Some(13..19));
    /// # });
    /// ```
    pub async fn execute(&self, parsed: &Parsed<'_>) -> Result<Answer, Failure> {
        let shared = &self.shared;
        let table: Table = match &parsed.statement {
            Statement::CreateComputePool(create) => pools::create(shared, create)?,
            Statement::AlterComputePool(alter) => pools::alter(shared, alter).await?,
            Statement::DropComputePool(drop) => pools::drop_pool(shared, drop)?,
            Statement::ShowComputePools(show) => pools::show(shared, show),
            Statement::DescribeComputePool(describe) => pools::describe(shared, describe)?,
            Statement::CreateService(create) => return services::create(shared, create).await,
            Statement::AlterService(alter) => return services::alter(shared, alter).await,
            Statement::DropService(drop) => services::drop_service(shared, drop).await?,
            Statement::ShowServices(show) => show::services(shared, show)?,
            Statement::DescribeService(describe) => show::describe_service(shared, &describe.name)?,
            Statement::ShowServiceInstances(show) => show::instances(shared, &show.service)?,
            Statement::ShowServiceContainers(show) => show::containers(shared, &show.service)?,
            Statement::ShowEndpoints(show) => show::endpoints(shared, &show.service)?,
            Statement::CreateFunction(define) => functions::create(shared, define)?,
            Statement::AlterFunction(alter) => functions::alter(shared, alter)?,
            Statement::DropFunction(drop) => functions::drop_function(shared, drop)?,
            Statement::DescribeFunction(describe) => functions::describe(shared, describe)?,
            Statement::ShowFunctions(show) => functions::show(shared, show),
            Statement::Call(call) => system_functions::call(shared, call, parsed.text).await?,
            Statement::Query => return query::run(shared, parsed).await,
            Statement::Copy => return stream::run(shared, parsed).await,
        };
        Ok(table.into())
    }
}

/// The name of an object of the one schema there is.
pub(crate) fn resolve(name: &ObjectName) -> Result<&str, Failure> {
    let database = name
        .database
        .as_ref()
        .map_or(DATABASE, |ident| ident.as_str());
    let schema = name.schema.as_ref().map_or(SCHEMA, |ident| ident.as_str());
    if database == DATABASE && schema == SCHEMA {
        return Ok(name.name.as_str());
    }
    let error = EngineError::NoSuchSchema {
        name: format!("{database}.{schema}"),
    };
    Err(Diagnostic::from(&error).at(name.span.clone()).into())
}

/// The service of this name.
pub(crate) fn find_service(shared: &Shared, name: &ObjectName) -> Result<ServiceRecord, Failure> {
    let resolved = resolve(name)?;
    shared
        .catalog
        .service(resolved)
        .filter(|record| !record.dropping)
        .ok_or_else(|| {
            let error = EngineError::NotFound {
                kind: "Service",
                name: resolved.to_owned(),
            };
            Diagnostic::from(&error).at(name.span.clone()).into()
        })
}
