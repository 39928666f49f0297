//! Statements about services.

use super::cursor::Cursor;
use super::source::SourceClauses;
use crate::ast::{
    AlterService, AlterServiceAction, CreateService, DescribeService, DropService, Ident,
    ServiceProperties, ServiceProperty, Statement,
};
use crate::{Spanned, SqlError};

type Named = (&'static str, ServiceProperty);

/// The clauses of `CREATE SERVICE`, which may come in any order.
#[derive(Default)]
struct Clauses {
    pool: Option<Spanned<Ident>>,
    source: SourceClauses,
    properties: ServiceProperties,
}

fn properties() -> [Named; ServiceProperty::ALL.len()] {
    ServiceProperty::ALL.map(|property| (property.as_str(), property))
}

impl Cursor<'_> {
    pub(crate) fn create_service(&mut self) -> Result<Statement, SqlError> {
        let if_not_exists = self.eat_if("IF NOT EXISTS")?;
        let name = self.object_name()?;
        let mut clauses = Clauses::default();
        while !self.at_end() {
            self.service_clause(&mut clauses)?;
        }
        let Clauses {
            pool,
            source,
            properties,
        } = clauses;
        let missing = [
            (pool.is_none(), "IN COMPUTE POOL"),
            (!source.has_from(), "FROM SPECIFICATION"),
        ];
        let lacking = self.lacking("CREATE SERVICE", name.span.clone(), &missing);
        match (pool, source.finish()) {
            (Some(pool), Some(source)) => {
                let pool = pool.value;
                let create = CreateService {
                    name,
                    if_not_exists,
                    pool,
                    source,
                    properties,
                };
                Ok(Statement::CreateService(Box::new(create)))
            }
            _ => Err(lacking),
        }
    }

    fn service_clause(&mut self, clauses: &mut Clauses) -> Result<(), SqlError> {
        let start = self.peek().start;
        if self.eat("IN COMPUTE POOL") {
            let key = self.span_from(start);
            let pool = self.simple_name()?.into_spanned(Clone::clone);
            return self.set_once(&mut clauses.pool, "IN COMPUTE POOL", key, pool);
        }
        if clauses.source.maybe_clause(self)? {
            return Ok(());
        }
        // `WITH` may stand before any property and means nothing.
        self.eat("WITH");
        if self.maybe_service_property(&mut clauses.properties)? {
            return Ok(());
        }
        Err(self.no_such_clause(&properties()))
    }

    pub(crate) fn alter_service(&mut self) -> Result<Statement, SqlError> {
        let if_exists = self.eat_if("IF EXISTS")?;
        let name = self.object_name()?;
        let action = self.alter_service_action()?;
        Ok(Statement::AlterService(Box::new(AlterService {
            name,
            if_exists,
            action,
        })))
    }

    fn alter_service_action(&mut self) -> Result<AlterServiceAction, SqlError> {
        let start = self.peek().start;
        if self.eat("SUSPEND") {
            return Ok(AlterServiceAction::Suspend);
        }
        if self.eat("RESUME") {
            return Ok(AlterServiceAction::Resume);
        }
        if self.eat("UNSET") {
            return Ok(AlterServiceAction::Unset(self.unset_list(&properties())?));
        }
        if self.eat("SET") {
            let mut set = ServiceProperties::default();
            self.set_list(&properties(), |cursor| {
                cursor.maybe_service_property(&mut set)
            })?;
            return Ok(AlterServiceAction::Set(Box::new(set)));
        }
        if let Some(error) = self.unsupported(start, "ALTER SERVICE …", &["RESTORE VOLUME"]) {
            return Err(error);
        }
        let mut source = SourceClauses::default();
        while source.maybe_clause(self)? {}
        source
            .finish()
            .map(AlterServiceAction::From)
            .ok_or_else(|| self.unexpected())
    }

    pub(crate) fn drop_service(&mut self) -> Result<Statement, SqlError> {
        let if_exists = self.eat_if("IF EXISTS")?;
        let name = self.object_name()?;
        let force = self.eat("FORCE");
        Ok(Statement::DropService(DropService {
            name,
            if_exists,
            force,
        }))
    }

    pub(crate) fn describe_service(&mut self) -> Result<Statement, SqlError> {
        let name = self.object_name()?;
        Ok(Statement::DescribeService(DescribeService { name }))
    }

    fn maybe_service_property(&mut self, into: &mut ServiceProperties) -> Result<bool, SqlError> {
        let Some((
            name,
            Spanned {
                value: property,
                span: key,
            },
        )) = self.maybe_property(&properties())
        else {
            return Ok(false);
        };
        self.expect_char("=")?;
        match property {
            ServiceProperty::MinInstances => {
                let value = self.number(name)?;
                self.set_once(&mut into.min_instances, name, key, value)
            }
            ServiceProperty::MaxInstances => {
                let value = self.number(name)?;
                self.set_once(&mut into.max_instances, name, key, value)
            }
            ServiceProperty::MinReadyInstances => {
                let value = self.number(name)?;
                self.set_once(&mut into.min_ready_instances, name, key, value)
            }
            ServiceProperty::AutoSuspendSecs => {
                let value = self.number(name)?;
                self.set_once(&mut into.auto_suspend_secs, name, key, value)
            }
            ServiceProperty::AutoResume => {
                let value = self.boolean(name)?;
                self.set_once(&mut into.auto_resume, name, key, value)
            }
            ServiceProperty::Comment => {
                let value = self.text(name)?;
                self.set_once(&mut into.comment, name, key, value)
            }
            ServiceProperty::QueryWarehouse => {
                let value = self.simple_name_or_text()?.into_spanned(Clone::clone);
                self.set_once(&mut into.query_warehouse, name, key, value)
            }
            ServiceProperty::ExternalAccessIntegrations => {
                let value = self.list(Self::simple_name_or_text)?;
                self.set_once(&mut into.external_access_integrations, name, key, value)
            }
            ServiceProperty::LogLevel => {
                let value = self.text_or_word(name)?;
                self.set_once(&mut into.log_level, name, key, value)
            }
        }?;
        Ok(true)
    }
}
