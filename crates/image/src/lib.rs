//! Container images in one directory: imported with every digest checked, found by path, unpacked.
//!
//! For everyone who runs programs from OCI images without a registry and without a container
//! engine. The store is itself an ordinary [OCI image layout], so other tools can read it.
//!
//! - [`ImageStore::import`] copies an image layout directory into the store. Sizes and SHA-256
//!   digests of all blobs are proved on the way; an import that is killed leaves no trace.
//! - [`ImageStore::resolve`] answers which digest a path such as `/db/schema/repo/name:tag`
//!   means today, [`ImageStore::by_digest`] finds an image that was pinned earlier.
//! - [`ImageStore::unpack`] gives the root directory of an image. Layers cannot write outside it.
//! - [`layout::write`] makes a small image layout out of a few files.
//!
//! The crate reads no clock and talks to no network. Its calls block on the file system.
//!
//! ```
//! use floe_image::layout::{LayerFile, LayoutSpec};
//! use floe_image::{ImageConfig, ImagePath, ImageStore};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let program = dir.path().join("program");
//! std::fs::write(&program, "#!/bin/sh\necho hello\n")?;
//!
//! // An ordinary OCI image layout with one file in it…
//! let spec = LayoutSpec {
//!     files: vec![LayerFile::new("/bin/hello", &program, 0o755)],
//!     config: ImageConfig { entrypoint: vec!["/bin/hello".into()], ..ImageConfig::default() },
//!     created_ms: 0,
//! };
//! floe_image::layout::write(&dir.path().join("layout"), &spec)?;
//!
//! // …is imported under a path, found again, and unpacked.
//! let store = ImageStore::open(&dir.path().join("images"))?;
//! let path = ImagePath::parse("/tutorial_db/data_schema/tutorial_repository/hello:latest")?;
//! let image = store.import(&dir.path().join("layout"), &path, 1_700_000_000_000)?;
//! assert_eq!(store.resolve(&path)?.digest, image.digest);
//!
//! let root = store.unpack(&image.digest)?;
//! assert_eq!(std::fs::read(root.join("bin/hello"))?, std::fs::read(&program)?);
//! # Ok(())
//! # }
//! ```
//!
//! [OCI image layout]: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
#![forbid(unsafe_code)]

mod config;
mod digest;
mod error;
mod json;
mod layer;
pub mod layout;
mod limits;
mod path;
mod store;

pub use config::ImageConfig;
pub use digest::Digest;
pub use error::{ImageError, What};
pub use limits::Limits;
pub use path::ImagePath;
pub use store::{Image, ImageRecord, ImageStore};
