//! `FieldCheck`: checks fields and collects all faults, with the messages of Django REST framework.

use std::ops::RangeInclusive;

use super::{Fault, FaultCode, Faults, Field};

/// Collects the faults of an object's fields.
#[derive(Debug)]
pub struct FieldCheck {
    is_new: bool,
    faults: Faults,
}

impl FieldCheck {
    /// Checks the fields of a new object, which must have all required fields. `faults` are those that were found while
    /// reading the fields.
    pub fn new_object(faults: Faults) -> Self {
        Self { is_new: true, faults }
    }

    /// Checks the fields of an existing object, which keeps the values of absent fields.
    pub fn existing_object(faults: Faults) -> Self {
        Self {
            is_new: false,
            faults,
        }
    }

    /// A text of 1 to `max_length` characters, trimmed. `None` if it is absent or has a fault.
    pub fn required_text(
        &mut self,
        field: &'static str,
        value: Field<String>,
        max_length: usize,
    ) -> Option<String> {
        let text = self.required(field, value)?;
        let text = self.trim(field, &text, max_length)?;
        if text.is_empty() {
            self.fault(field, FaultCode::Blank, "This field may not be blank.");
            return None;
        }
        Some(text)
    }

    /// A text of at most `max_length` characters, trimmed; a blank one becomes null. `None` if it is absent or has a fault.
    pub fn optional_text(
        &mut self,
        field: &'static str,
        value: Field<String>,
        max_length: usize,
    ) -> Option<Option<String>> {
        match value {
            Field::Absent | Field::Unreadable => None,
            Field::Null => Some(None),
            Field::Set(text) => self
                .trim(field, &text, max_length)
                .map(|text| Some(text).filter(|text| !text.is_empty())),
        }
    }

    fn trim(&mut self, field: &'static str, text: &str, max_length: usize) -> Option<String> {
        let text = text.trim();
        if text.contains('\0') {
            self.fault(field, FaultCode::Invalid, "Null characters are not allowed.");
            return None;
        }
        if text.chars().count() > max_length {
            self.fault(
                field,
                FaultCode::TooLong,
                format!("Ensure this field has no more than {max_length} characters."),
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// A whole number in a range. `default` applies to new objects; without it, they require the field.
    pub fn integer(
        &mut self,
        field: &'static str,
        value: Field<i64>,
        range: RangeInclusive<i64>,
        default: Option<i64>,
    ) -> Option<i64> {
        let number = match (value, default) {
            (Field::Absent, Some(default)) if self.is_new => default,
            (value, _) => self.required(field, value)?,
        };
        let (minimum, maximum) = (range.start(), range.end());
        if number < *minimum {
            self.fault(
                field,
                FaultCode::OutOfRange,
                format!("Ensure this value is greater than or equal to {minimum}."),
            );
            return None;
        }
        if number > *maximum {
            self.fault(
                field,
                FaultCode::OutOfRange,
                format!("Ensure this value is less than or equal to {maximum}."),
            );
            return None;
        }
        Some(number)
    }

    /// A required value, which the caller checks further. `None` if it is absent or has a fault.
    pub fn required<T>(&mut self, field: &'static str, value: Field<T>) -> Option<T> {
        match value {
            Field::Set(value) => return Some(value),
            Field::Null => self.fault(field, FaultCode::Null, "This field may not be null."),
            Field::Absent if self.is_new => self.fault(field, FaultCode::Required, "This field is required."),
            Field::Absent | Field::Unreadable => {}
        }
        None
    }

    /// A value that must not be null. If it is absent, an existing object keeps its value and a new one gets the default.
    pub fn optional<T>(&mut self, field: &'static str, value: Field<T>) -> Option<T> {
        match value {
            Field::Absent => None,
            value => self.required(field, value),
        }
    }

    /// Adds a fault of a field.
    pub fn fault(&mut self, field: &'static str, code: FaultCode, message: impl Into<String>) {
        self.faults.push(Fault::new(field, code, message));
    }

    /// Adds a fault that the caller has found.
    pub fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Whether there are no faults so far.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Fails with all faults, if there are any.
    pub fn finish(self) -> Result<(), Faults> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(self.faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FieldCheck;
    use crate::{FaultCode, Field};

    fn set(text: &str) -> Field<String> {
        Field::Set(text.to_owned())
    }

    #[test]
    fn texts_are_trimmed_and_bounded() {
        let mut check = FieldCheck::new_object(Vec::new());
        assert_eq!(check.required_text("a", set(" x "), 1).as_deref(), Some("x"));
        assert_eq!(check.required_text("b", set(" "), 1), None);
        assert_eq!(check.required_text("c", set("xy"), 1), None);
        assert_eq!(check.required_text("d", set("x\0y"), 9), None);
        assert_eq!(check.optional_text("e", set(" "), 1), Some(None));
        assert_eq!(check.optional_text("f", Field::Null, 1), Some(None));
        assert_eq!(check.optional_text("g", Field::Absent, 1), None);
        let faults = check.finish().expect_err("faults");
        let fields_and_codes: Vec<_> = faults.iter().map(|fault| (fault.field, fault.code)).collect();
        assert_eq!(
            fields_and_codes,
            [
                ("b", FaultCode::Blank),
                ("c", FaultCode::TooLong),
                ("d", FaultCode::Invalid)
            ]
        );
    }

    #[test]
    fn only_new_objects_need_all_required_fields() {
        let mut check = FieldCheck::new_object(Vec::new());
        assert_eq!(check.required::<i64>("a", Field::Absent), None);
        assert_eq!(check.integer("b", Field::Absent, 0..=9, Some(5)), Some(5));
        assert_eq!(check.finish().expect_err("a fault")[0].code, FaultCode::Required);
        let mut check = FieldCheck::existing_object(Vec::new());
        assert_eq!(check.required::<i64>("a", Field::Absent), None);
        assert_eq!(check.integer("b", Field::Absent, 0..=9, Some(5)), None);
        assert_eq!(check.finish(), Ok(()));
    }

    #[test]
    fn numbers_have_bounds_and_an_unreadable_number_has_no_second_fault() {
        let mut check = FieldCheck::existing_object(Vec::new());
        assert_eq!(check.integer("a", Field::Set(9), 0..=9, None), Some(9));
        assert_eq!(check.integer("b", Field::Set(10), 0..=9, None), None);
        assert_eq!(check.integer("c", Field::Set(-1), 0..=9, None), None);
        assert_eq!(check.integer("d", Field::Unreadable, 0..=9, None), None);
        assert_eq!(check.optional("e", Field::Set(true)), Some(true));
        assert_eq!(check.optional::<bool>("f", Field::Null), None);
        let faults = check.finish().expect_err("faults");
        let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "Ensure this value is less than or equal to 9.",
                "Ensure this value is greater than or equal to 0.",
                "This field may not be null.",
            ]
        );
    }
}
