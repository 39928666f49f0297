//! From SQL text to a plan that is ready to run.

mod headers;
mod literals;
mod rewrite;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, plan_datafusion_err};
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{LogicalPlan, ScalarUDFImpl as _};
use datafusion::prelude::{SQLOptions, SessionContext};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement as SqlStatement};
use datafusion::sql::sqlparser::dialect::SnowflakeDialect;

use crate::error::QueryError;
use crate::functions::as_service_udf;
use crate::read_files;
use crate::session::QueryRun;
use rewrite::Calls;

/// How many characters of a refused statement a message repeats.
const STATEMENT_EXCERPT: usize = 40;

/// Plans one query: `SELECT`, `WITH`, `VALUES`, or `EXPLAIN` of one.
///
/// # Expected flow
///
/// 1. The text is parsed in the dialect of the original.
/// 2. Items of the outermost select list that call a function and have no alias are named by their
///    own text in upper case; items with equal text get `_2`, `_3`, … behind it.
/// 3. Files of `read_files('path' [, format => …, header => …, delimiter => …])` are looked at,
///    relative to [`QueryInfo::base_dir`](crate::QueryInfo::base_dir), and their columns inferred.
/// 4. DataFusion plans the query; calls that no batch can carry are refused.
///
/// Nothing is sent to a service before the result is asked for its rows.
///
/// # Guarantees
///
/// Every row that reaches a call is sent once and its result stands in its own row; the rows of
/// one file come in the order of the file unless the query says otherwise.
///
/// # Caveats
///
/// A common table expression that is used twice is computed twice, with the calls in it.
///
/// # Errors
///
/// [`QueryError`]; errors of the rows themselves come from the result, as [`DataFusionError`]s
/// that [`QueryError::from`] takes apart.
///
/// # Cancel safety
///
/// Dropping the future leaves nothing behind. Dropping the stream of the result ends the requests
/// that are in flight.
///
/// ```
/// use floe_datafusion::{QueryInfo, ServiceFunctions, query, session};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let context = session(&ServiceFunctions::new(), QueryInfo::new("q", 0));
/// let frame = query(&context, "SELECT upper('floe'), now()").await?;
/// let names: Vec<_> = frame.schema().fields().iter().map(|field| field.name()).collect();
/// assert_eq!(names, ["UPPER('FLOE')", "NOW()"]);
/// let rows = frame.collect().await?;
/// assert_eq!(rows[0].num_rows(), 1);
///
/// let error = query(&context, "DROP TABLE t").await.unwrap_err();
/// assert_eq!(error.code(), "FLOE-QUERY-0003");
/// # Ok::<(), floe_datafusion::QueryError>(())
/// # }).unwrap();
/// ```
pub async fn query(context: &SessionContext, sql: &str) -> Result<DataFrame, QueryError> {
    #[cfg(feature = "ingest")]
    crate::ingest::refuse_stream(sql)?;
    let statement = parse(&context.state(), sql)?;
    plan(context, statement).await
}

/// Plans a statement that is parsed already.
pub(crate) async fn plan(
    context: &SessionContext,
    mut statement: Statement,
) -> Result<DataFrame, QueryError> {
    let mut state = context.state();
    let run = state.config().get_extension::<QueryRun>().ok_or_else(|| {
        let message = "the session was not made by floe_datafusion::session";
        QueryError::planning(plan_datafusion_err!("{message}"))
    })?;
    run.set_now(&mut state);
    let read = prepare(&mut statement, &run)?;
    for file in read.files {
        let table = read_files::table(&state, &run.info.base_dir, &file).await?;
        // An earlier query of the session may have read the same files, as they were then.
        let name = file.table_reference();
        context
            .deregister_table(name.clone())
            .and_then(|_| context.register_table(name, table))
            .map_err(QueryError::planning)?;
    }
    let located = |error| read.calls.locate(QueryError::planning(error));
    let plan = state.statement_to_plan(statement).await.map_err(located)?;
    check(&state, &plan).map_err(located)?;
    Ok(DataFrame::new(state, plan))
}

/// The names of the service functions that a query calls, anywhere in it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use floe_datafusion::{QueryInfo, ServiceFunctions, called, query, session};
///
/// let context = session(&ServiceFunctions::new(), QueryInfo::new("q", 0));
/// let frame = query(&context, "SELECT 1").await?;
/// assert!(called(&frame).is_empty());
/// # Ok::<(), floe_datafusion::QueryError>(())
/// # }).unwrap();
/// ```
#[must_use]
pub fn called(frame: &DataFrame) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // The visitors never fail.
    let _ = frame.logical_plan().apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Some((function, _)) = as_service_udf(expr) {
                    names.insert(function.name().to_owned());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    names
}

/// What the pre-pass over the text found.
struct Prepared {
    files: Vec<read_files::ReadFiles>,
    calls: Calls,
}

fn parse(state: &SessionState, sql: &str) -> Result<Statement, QueryError> {
    let recursion_limit = state.config_options().sql_parser.recursion_limit.get();
    let statements = DFParserBuilder::new(sql)
        .with_dialect(&SnowflakeDialect {})
        .with_recursion_limit(recursion_limit)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(QueryError::planning)?;
    one(statements)
}

fn one(mut statements: VecDeque<Statement>) -> Result<Statement, QueryError> {
    match (statements.len(), statements.pop_front()) {
        (1, Some(statement)) => Ok(statement),
        (count, _) => Err(QueryError::NotOneStatement { count }),
    }
}

fn prepare(statement: &mut Statement, run: &QueryRun) -> Result<Prepared, QueryError> {
    let query = query_of(statement)?;
    headers::name(query);
    rewrite::rewrite(query, &run.functions)
}

/// The query in `statement`, if it is one that only reads.
fn query_of(statement: &mut Statement) -> Result<&mut Query, QueryError> {
    let refusal = not_a_query(statement);
    match statement {
        Statement::Explain(explain) => query_of(&mut explain.statement),
        Statement::Statement(inner) => match inner.as_mut() {
            SqlStatement::Query(query) if only_reads(&query.body) => Ok(query),
            _ => Err(refusal),
        },
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => {
            Err(refusal)
        }
    }
}

/// `WITH … INSERT`, `SELECT … INTO` and the like are parsed as queries too.
fn only_reads(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => only_reads(&query.body),
        SetExpr::SetOperation { left, right, .. } => only_reads(left) && only_reads(right),
        SetExpr::Values(_) | SetExpr::Table(_) => true,
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => false,
    }
}

fn not_a_query(statement: &Statement) -> QueryError {
    let text = statement.to_string();
    let mut excerpt: String = text.chars().take(STATEMENT_EXCERPT).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    QueryError::NotAQuery { statement: excerpt }
}

/// Runs the rules that refuse calls now, rather than when the first row is asked for.
fn check(state: &SessionState, plan: &LogicalPlan) -> Result<(), DataFusionError> {
    let only_queries = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    only_queries.verify_plan(plan)?;
    let plan = match plan {
        LogicalPlan::Explain(explain) => Arc::clone(&explain.plan),
        plan => Arc::new(plan.clone()),
    };
    let options = state.config_options();
    state
        .analyzer()
        .execute_and_check(Arc::unwrap_or_clone(plan), options, |_, _| {})
        .map(|_| ())
}
