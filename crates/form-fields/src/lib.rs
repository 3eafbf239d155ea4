//! Reads and checks the fields that a client sent for an object, as Django REST framework does: with the same messages, and
//! with all faults reported at once.
//!
//! ```
//! use form_fields::{Field, FieldCheck, Form};
//!
//! let body = br#"{"title": " Dune ", "pages": "412", "author": {"id": 7, "name": "Herbert"}}"#;
//! let mut form = Form::parse(body).map_err(|error| format!("{error:?}"))?;
//! let (title, pages) = (form.text("title"), form.integer("pages"));
//! let (author, price) = (form.reference("author", "author_id"), form.decimal("price"));
//!
//! let mut check = FieldCheck::new_object(form.faults());
//! assert_eq!(check.required_text("title", title, 200).as_deref(), Some("Dune"));
//! assert_eq!(check.integer("pages", pages, 1..=10_000, Some(1)), Some(412));
//! assert_eq!(check.required("author_id", author), Some(7));
//! assert_eq!(check.required("price", price), None);
//! let faults = check.finish().unwrap_err();
//! assert_eq!((faults[0].field, faults[0].message.as_str()), ("price", "This field is required."));
//! # Ok::<(), String>(())
//! ```
//!
//! # Guarantees
//!
//! - No input of a client causes a panic. Numbers are exact; whole numbers beyond 64 bits are clamped, so that a check of
//!   their range refuses them.
//! - [`FieldCheck`] does not report a field again that [`Form`] has reported.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `field` | [`Field`]: absent, null, a value, or unreadable |
//! | `form` | [`Form`]: the fields of a JSON object |
//! | `check` | [`FieldCheck`]: lengths, ranges, required fields |
//! | `fault` | [`Fault`]: an invalid value, with a code and a message |
//! | `query_string` | [`QueryString`]: the parameters of a list |
//! | `page` | [`Page`]: the JSON of a page |

mod check;
mod fault;
mod field;
mod form;
mod page;
mod query_string;

pub use self::check::FieldCheck;
pub use self::fault::{Fault, FaultCode, Faults};
pub use self::field::Field;
pub use self::form::{Form, FormError, NOT_BLANK};
pub use self::page::Page;
pub use self::query_string::{ParameterError, QueryString};
