//! Statements about compute pools.

use super::cursor::Cursor;
use crate::ast::{
    AlterComputePool, AlterComputePoolAction, CreateComputePool, DescribeComputePool,
    DropComputePool, Ident, PoolProperties, PoolProperty, Statement,
};
use crate::{Spanned, SqlError};

type Named = (&'static str, PoolProperty);

/// What `CREATE COMPUTE POOL` takes: everything.
fn all() -> Vec<Named> {
    PoolProperty::ALL
        .map(|property| (property.as_str(), property))
        .to_vec()
}

/// What `SET` takes: a pool that exists was suspended at first or not.
fn settable() -> Vec<Named> {
    all()
        .into_iter()
        .filter(|(_, of)| *of != PoolProperty::InitiallySuspended)
        .collect()
}

/// What `UNSET` takes: the properties that have a default to go back to.
fn unsettable() -> Vec<Named> {
    let has_default = |property: &PoolProperty| match property {
        PoolProperty::AutoResume
        | PoolProperty::AutoSuspendSecs
        | PoolProperty::PlacementGroup
        | PoolProperty::BackupInstanceFamilies
        | PoolProperty::Comment => true,
        PoolProperty::MinNodes
        | PoolProperty::MaxNodes
        | PoolProperty::InstanceFamily
        | PoolProperty::InitiallySuspended => false,
    };
    all()
        .into_iter()
        .filter(|(_, property)| has_default(property))
        .collect()
}

impl Cursor<'_> {
    pub(crate) fn create_compute_pool(&mut self) -> Result<Statement, SqlError> {
        let if_not_exists = self.eat_if("IF NOT EXISTS")?;
        let name = self.simple_name()?;
        let mut application: Option<Spanned<Ident>> = None;
        let mut set = PoolProperties::default();
        while !self.at_end() {
            let start = self.peek().start;
            if self.eat("FOR APPLICATION") {
                let key = self.span_from(start);
                let value = self.simple_name()?.into_spanned(Clone::clone);
                self.set_once(&mut application, "FOR APPLICATION", key, value)?;
                continue;
            }
            self.eat("WITH");
            if !self.maybe_pool_property(&all(), &mut set)? {
                return Err(self.no_such_clause(&all()));
            }
        }
        let missing = [
            (set.min_nodes.is_none(), "MIN_NODES"),
            (set.max_nodes.is_none(), "MAX_NODES"),
            (set.instance_family.is_none(), "INSTANCE_FAMILY"),
        ];
        let lacking = self.lacking("CREATE COMPUTE POOL", name.span(), &missing);
        let (Some(min_nodes), Some(max_nodes), Some(instance_family)) =
            (set.min_nodes, set.max_nodes, set.instance_family)
        else {
            return Err(lacking);
        };
        Ok(Statement::CreateComputePool(Box::new(CreateComputePool {
            name,
            if_not_exists,
            for_application: application.map(|application| application.value),
            min_nodes,
            max_nodes,
            instance_family,
            auto_resume: set.auto_resume,
            initially_suspended: set.initially_suspended,
            auto_suspend_secs: set.auto_suspend_secs,
            comment: set.comment,
            placement_group: set.placement_group,
            backup_instance_families: set.backup_instance_families,
        })))
    }

    pub(crate) fn alter_compute_pool(&mut self) -> Result<Statement, SqlError> {
        let if_exists = self.eat_if("IF EXISTS")?;
        let name = self.simple_name()?;
        let action = self.alter_pool_action()?;
        Ok(Statement::AlterComputePool(Box::new(AlterComputePool {
            name,
            if_exists,
            action,
        })))
    }

    fn alter_pool_action(&mut self) -> Result<AlterComputePoolAction, SqlError> {
        if self.eat("SUSPEND") {
            return Ok(AlterComputePoolAction::Suspend);
        }
        if self.eat("RESUME") {
            return Ok(AlterComputePoolAction::Resume);
        }
        if self.eat("STOP ALL") {
            let of_type = if self.eat("OF TYPE") {
                self.workload_types()?
            } else {
                Vec::new()
            };
            return Ok(AlterComputePoolAction::StopAll { of_type });
        }
        if self.eat("UNSET") {
            return Ok(AlterComputePoolAction::Unset(
                self.unset_list(&unsettable())?,
            ));
        }
        if self.eat("SET") {
            let mut set = PoolProperties::default();
            let names = settable();
            self.set_list(&names, |cursor| {
                cursor.maybe_pool_property(&names, &mut set)
            })?;
            return Ok(AlterComputePoolAction::Set(Box::new(set)));
        }
        Err(self.unexpected())
    }

    pub(crate) fn drop_compute_pool(&mut self) -> Result<Statement, SqlError> {
        let if_exists = self.eat_if("IF EXISTS")?;
        let name = self.simple_name()?;
        Ok(Statement::DropComputePool(DropComputePool {
            name,
            if_exists,
        }))
    }

    pub(crate) fn describe_compute_pool(&mut self) -> Result<Statement, SqlError> {
        let name = self.simple_name()?;
        Ok(Statement::DescribeComputePool(DescribeComputePool { name }))
    }

    /// The types behind `OF TYPE`, separated by commas.
    pub(crate) fn workload_types(&mut self) -> Result<Vec<Ident>, SqlError> {
        // ALL is a keyword elsewhere and a type here.
        let mut types = Vec::new();
        loop {
            let token = self.peek();
            if self.eat("ALL") {
                types.push(Ident::unquoted("ALL", token.span()));
            } else {
                types.push(self.ident()?);
            }
            if !self.eat_char(",") {
                return Ok(types);
            }
        }
    }

    fn maybe_pool_property(
        &mut self,
        names: &[Named],
        into: &mut PoolProperties,
    ) -> Result<bool, SqlError> {
        let Some((
            name,
            Spanned {
                value: property,
                span: key,
            },
        )) = self.maybe_property(names)
        else {
            return Ok(false);
        };
        self.expect_char("=")?;
        match property {
            PoolProperty::MinNodes => {
                let value = self.number(name)?;
                self.set_once(&mut into.min_nodes, name, key, value)
            }
            PoolProperty::MaxNodes => {
                let value = self.number(name)?;
                self.set_once(&mut into.max_nodes, name, key, value)
            }
            PoolProperty::InstanceFamily => {
                let value = self.instance_family(name)?;
                self.set_once(&mut into.instance_family, name, key, value)
            }
            PoolProperty::AutoResume => {
                let value = self.boolean(name)?;
                self.set_once(&mut into.auto_resume, name, key, value)
            }
            PoolProperty::InitiallySuspended => {
                let value = self.boolean(name)?;
                self.set_once(&mut into.initially_suspended, name, key, value)
            }
            PoolProperty::AutoSuspendSecs => {
                let value = self.number(name)?;
                self.set_once(&mut into.auto_suspend_secs, name, key, value)
            }
            PoolProperty::Comment => {
                let value = self.text(name)?;
                self.set_once(&mut into.comment, name, key, value)
            }
            PoolProperty::PlacementGroup => {
                let value = self.text_or_word(name)?;
                self.set_once(&mut into.placement_group, name, key, value)
            }
            PoolProperty::BackupInstanceFamilies => {
                let value = self.list(|cursor| Ok(cursor.instance_family(name)?.value))?;
                self.set_once(&mut into.backup_instance_families, name, key, value)
            }
        }?;
        Ok(true)
    }

    /// A family is an identifier; users write it as a string as well.
    fn instance_family(&mut self, of: &str) -> Result<Spanned<String>, SqlError> {
        Ok(self
            .text_or_word(of)?
            .map(|family| family.to_ascii_uppercase()))
    }
}
