//! Product lines and sentences about products, in two styles, since a warranty suits a lamp but not a bar of soap.

use crate::rng::Rng;

pub(crate) struct Style {
    /// Product lines: the word between the brand and the kind of goods.
    pub(crate) lines: &'static [&'static str],
    /// Second sentences of a description.
    pub(crate) notes: &'static [&'static str],
}

pub(crate) static TECHNICAL: Style = Style {
    lines: &[
        "Alta", "Arc", "Compact", "Delta", "Duo", "Elan", "Flex", "Lumo", "Metro", "Mini", "Mono", "Nova",
        "One", "Orbit", "Plus", "Prime", "Pro", "Pulse", "Solo", "Studio", "Urban", "Vega", "X2", "X5",
    ],
    notes: &[
        "Two-year warranty.",
        "Five-year warranty.",
        "Spare parts available.",
        "Instructions in six languages.",
        "Built for daily use and easy to repair.",
        "Tested by our own staff for a year.",
        "Light, sturdy and simple.",
        "Comes ready to use.",
    ],
};

pub(crate) static HOUSEHOLD: Style = Style {
    lines: &[
        "Aurora",
        "Bistro",
        "Breeze",
        "Classic",
        "Cottage",
        "Daily",
        "Dune",
        "Essential",
        "Fjord",
        "Forma",
        "Harvest",
        "Heritage",
        "Linea",
        "Loft",
        "Meadow",
        "Natura",
        "Original",
        "Pure",
        "Select",
        "Terra",
        "Trail",
        "Villa",
    ],
    notes: &[
        "Packed without plastic.",
        "Store in a dry place.",
        "Made in small batches.",
        "Returns within 30 days.",
        "Kind to the hands and to the purse.",
        "Recyclable.",
        "Also sold by the box.",
    ],
};

const SENTENCES: &[&str] = &[
    "A quiet favourite of our regular customers.",
    "The one we use ourselves.",
    "Good value for small homes and offices.",
    "New packaging, same quality.",
    "Our customers ask for it by name.",
    "Simple, and better than it has to be.",
    "Sells best in autumn.",
    "Often bought as a present.",
    "The successor of last year's model.",
    "Back in the range after many requests.",
];

/// Returns one or two sentences.
pub(crate) fn generate(rng: &mut Rng, style: &Style) -> String {
    let sentence = *rng.pick(SENTENCES);
    if rng.chance(60) {
        format!("{sentence} {}", rng.pick(style.notes))
    } else {
        sentence.to_owned()
    }
}
