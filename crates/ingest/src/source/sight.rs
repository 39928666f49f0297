//! What a page of a listing says to a stream.

use crate::{Ask, Discovery, FileId, IdentityError, Object, Reader, Sighting};

impl Reader {
    /// Reads an object of a listing: `None` when the stream does not want it, the discovery when
    /// all of it is told, and otherwise what the store has to be asked.
    ///
    /// # Errors
    /// [`IdentityError`] for a key or a version that is longer than any store allows.
    ///
    /// ```
    /// use floe_ingest::{Filter, Home, Object, Reader, Sighting, VersionRule};
    /// use floe_notify::Location;
    /// use floe_notify::clock::Timestamp;
    /// let location = Location::parse("gs://landing/in")?;
    /// let filter = Filter { prefix: b"in/".to_vec(), ..Filter::default() };
    /// let (home, rule) = (Home::new(&location), VersionRule::Generation);
    /// let reader = Reader { home, rule, filter, rewrites: Default::default() };
    /// let mut object = Object::new(b"in/a.csv", 7, Timestamp::from_millis(1_000));
    /// // A listing that tells no generation leaves a question.
    /// let sight = reader.sight(&object, Sighting::Listing)?.unwrap();
    /// assert_eq!(sight.unwrap_err().path, b"/in/a.csv");
    /// object.version = Some("1709".to_owned());
    /// let sight = reader.sight(&object, Sighting::Listing)?.unwrap();
    /// assert_eq!(sight.unwrap().id.token(), Some("1709"));
    /// object.key = b"in/_SUCCESS".to_vec();
    /// assert_eq!(reader.sight(&object, Sighting::Listing)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sight(
        &self,
        object: &Object,
        sighting: Sighting,
    ) -> Result<Option<Result<Discovery, Ask>>, IdentityError> {
        if !self.filter.takes(&object.key, object.modified) {
            return Ok(None);
        }
        let ask = Ask {
            path: self.home.path(&object.key),
            created: Some(object.modified),
            sighting,
        };
        match self.answer(&ask, object) {
            Ok(discovery) => Ok(Some(Ok(discovery))),
            Err(IdentityError::NoToken) => Ok(Some(Err(ask))),
            Err(error) => Err(error),
        }
    }

    /// Makes a discovery of a question and what the store says of the file: the time is that of
    /// what told of the file, if it told one.
    ///
    /// # Errors
    /// [`IdentityError::NoToken`] when the store does not tell the version, either, and otherwise
    /// as [`sight`](Self::sight).
    ///
    /// ```
    /// use floe_ingest::{Ask, Filter, Home, Object, Reader, Sighting, VersionRule};
    /// use floe_notify::clock::Timestamp;
    /// let (home, filter) = (Home::anywhere(), Filter::default());
    /// let reader = Reader {
    ///     home,
    ///     rule: VersionRule::EntityTag,
    ///     filter,
    ///     rewrites: Default::default(),
    /// };
    /// let ask = Ask { path: b"/a".to_vec(), created: None, sighting: Sighting::Event };
    /// let mut object = Object::new(b"a", 7, Timestamp::from_millis(1_000));
    /// object.etag = Some("\"0f3e\"".to_owned());
    /// let discovery = reader.answer(&ask, &object)?;
    /// assert_eq!((discovery.created, discovery.size), (object.modified, 7));
    /// assert_eq!(discovery.id.token(), Some("0f3e"));
    /// # Ok::<(), floe_ingest::IdentityError>(())
    /// ```
    pub fn answer(&self, ask: &Ask, object: &Object) -> Result<Discovery, IdentityError> {
        let token = self.rule.token(&object.tags());
        if token.is_none() && self.rule != crate::VersionRule::KeyAlone {
            return Err(IdentityError::NoToken);
        }
        Ok(Discovery {
            id: FileId::new(&ask.path, token.as_deref())?,
            size: object.size,
            created: ask.created.unwrap_or(object.modified),
            sighting: ask.sighting,
        })
    }
}

#[cfg(test)]
mod tests {
    use floe_notify::Location;
    use floe_notify::clock::Timestamp;

    use crate::{Filter, Home, IdentityError, Object, Reader, Sighting, VersionRule};

    fn reader(path: &str, rule: VersionRule) -> Reader {
        let location = Location::parse(path).unwrap();
        Reader {
            home: Home::new(&location),
            rule,
            filter: Filter {
                prefix: location.key_prefix().into_bytes(),
                ..Filter::default()
            },
            rewrites: Default::default(),
        }
    }

    #[test]
    fn an_event_and_a_listing_of_a_local_file_are_of_the_same_file() {
        let reader = reader("/srv/in", VersionRule::Stat);
        let body = r#"{"type":"landed","uri":"file:///srv/in/a.csv","how":"written","size":7,
            "modifiedMs":1000,"inode":42,"seenMs":1500}"#;
        let receipt = floe_notify::Receipt::new(floe_notify::MessageId::new("m"), "t");
        let message = floe_notify::Message::new(body);
        let delivery = floe_notify::Delivery::new(message, receipt, Timestamp::default());
        let told = reader.read(&delivery, Timestamp::default());
        let mut object = Object::new(b"/srv/in/a.csv", 7, Timestamp::from_millis(9_000));
        object.stat = Some((42, 1_000, 7));
        let listed = reader.sight(&object, Sighting::Listing).unwrap().unwrap();
        assert_eq!(listed.unwrap().id, told.files[0].id);
    }

    #[test]
    fn what_no_store_has_is_an_error_and_not_a_question_for_ever() {
        let reader = reader("s3://acme/in", VersionRule::KeyAlone);
        let key = [b"in/".as_slice(), &vec![b'a'; crate::MAX_ID_BYTES]].concat();
        let object = Object::new(key, 7, Timestamp::default());
        let answer = reader.sight(&object, Sighting::Existing);
        assert!(matches!(answer, Err(IdentityError::TooLong { .. })));
    }

    #[test]
    fn a_file_outside_the_wanted_time_is_left_out() {
        let mut reader = reader("s3://acme/in", VersionRule::EntityTag);
        reader.filter.modified_after = Some(Timestamp::from_millis(5));
        let object = Object::new(b"in/a", 7, Timestamp::from_millis(5));
        assert_eq!(reader.sight(&object, Sighting::Listing), Ok(None));
    }
}
