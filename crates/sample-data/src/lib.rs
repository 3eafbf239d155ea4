//! An invented shop with six months of trading: categories, brands, suppliers, products and their movements.
//!
//! [`Shop::generate`] returns plain values. Nothing here reads a file, a clock or a database.
//!
//! ```
//! use sample_data::{EPOCH, Shop};
//!
//! let shop = Shop::generate(240, 1, EPOCH);
//! assert_eq!(shop.products.len(), 240);
//! assert_eq!(shop.movements.len(), 5 * 240);
//! assert_eq!(shop, Shop::generate(240, 1, EPOCH));
//! ```
//!
//! # Guarantees
//!
//! - The same count, seed and `now` give the same shop on every machine and in every release. The random numbers come
//!   from a generator with published test vectors, and all arithmetic is on integers, because floating-point
//!   logarithms differ between platforms. A test compares a fingerprint of the whole shop, so it fails if a word or the
//!   order in which random numbers are drawn changes.
//! - Movements are sorted by time. If they are applied in that order, no stock falls below zero.
//! - Names of categories, brands and suppliers are unique for any count, and so are serie numbers.
//! - Every text, price and quantity is within the limits that Stockroom documents.
//! - A few products are out of stock, a few more are low on stock, and a few sell much more than the others.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `shop` | the types, and the order in which their values are generated |
//! | `department` | the kinds of goods, their sizes and price ranges |
//! | `description` | product lines and sentences about products |
//! | `names` | names of categories, brands and suppliers |
//! | `product` | products: title, category, brand, prices |
//! | `history` | movements, and the opening quantities that they require |
//! | `calendar` | moments within working hours, counted back from `now` |
//! | `rng` | random numbers |

mod calendar;
mod department;
mod description;
mod history;
mod names;
mod product;
mod rng;
mod shop;

#[cfg(test)]
mod tests;

pub use self::product::Product;
pub use self::shop::{EPOCH, Flow, Label, Movement, Shop};
