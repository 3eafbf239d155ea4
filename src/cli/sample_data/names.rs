//! The words of the made-up shop: what categories, brands and suppliers are called, and what is said of the goods.
//!
//! Each list starts with names written by hand and goes on with composed ones, for as many as are asked for. Some
//! are in other alphabets, so that searching in them can be tried. All brands and suppliers are invented.

use super::goods::{DEPARTMENTS, Department};
use super::rng::Dice;

const RANGES: &[&str] = &[
    "Premium",
    "Everyday",
    "Professional",
    "Compact",
    "Family Size",
    "Travel",
    "Seasonal",
    "Gift Ideas",
    "Eco Line",
    "Bulk Packs",
    "New Arrivals",
    "Bestsellers",
    "Entry Level",
    "Limited Editions",
    "Imports",
    "Clearance",
];

/// The departments, then their ranges: "Lighting – Premium".
pub(super) fn category(_: &mut Dice, nth: usize) -> (String, Option<String>) {
    let department = Department::of(nth);
    let Some(nth_range) = (nth / DEPARTMENTS.len()).checked_sub(1) else {
        return (department.name.to_owned(), Some(department.about.to_owned()));
    };
    let range = turn(RANGES, nth_range);
    let name = numbered(format!("{} – {range}", department.name), nth_range / RANGES.len());
    (
        name,
        Some(format!(
            "{} This range: {}.",
            department.about,
            range.to_lowercase()
        )),
    )
}

/// In the order of the departments, in which the brands are at home.
const BRANDS: &[&str] = &[
    "Nordlys",
    "Kestrelle",
    "Ωmega",
    "Água Clara",
    "Žižka",
    "Grünhalm",
    "Paperwren",
    "Boxberry & Sons",
    "Voltari",
    "Ærø",
    "Lindenweave",
    "Hexley",
    "Morgenrot",
    "Blanquette",
    "Lumetta",
    "Tastova",
    "Korvana",
    "Copperpot",
    "Ironmarsh",
    "Señal Verde",
    "Inkwell & Marrow",
    "Skåphus",
    "Ampersen",
    "Fjelltind",
    "Čistá",
    "Brumm & Daughters",
    "Teekontor Ø",
    "Savonette",
    "Brightmoor",
    "Pixelgard",
    "Éclat",
    "Tavolara",
    "Hammerby Works",
    "Płatek",
    "Quillon",
    "Stackwell",
    "Kabelið",
    "Wanderlund",
    "Ткани Севера",
    "Φούρνος",
];

const BRAND_STARTS: &[&str] = &[
    "Al", "Ar", "Bel", "Bran", "Cal", "Cor", "Dal", "Dor", "El", "Fal", "Fen", "Gal", "Gren", "Hal", "Hol",
    "Il", "Jor", "Kal", "Kor", "Lar", "Lin", "Mal", "Mor", "Nar", "Nor", "Ol", "Os", "Pel", "Quin", "Rav",
    "Sal", "Sel", "Tal", "Tor", "Ul", "Val", "Ver", "Wes", "Ys", "Zan", "Åst", "Øst",
];

const BRAND_ENDS: &[&str] = &[
    "adra", "andel", "aro", "avik", "baro", "beck", "brook", "dane", "dora", "elle", "enza", "feld", "gard",
    "haven", "iko", "ilde", "ista", "kova", "lund", "mont", "nova", "ova", "quist", "rick", "stad", "tano",
    "thal", "una", "vind", "ström", "ñola", "wick",
];

const HOUSES: &[&str] = &["", " Works", " Living", " & Co.", " Studio", " Home", " Atelier"];

const TOWNS: &[&str] = &[
    "Aarhus", "Bergen", "Brno", "Ghent", "Graz", "Gdańsk", "Kaunas", "Leeds", "Lyon", "Malmö", "Porto",
    "Tartu", "Turin", "Utrecht", "Zürich",
];

/// Invented brands; two of three say where they come from.
pub(super) fn brand(dice: &mut Dice, nth: usize) -> (String, Option<String>) {
    let name = match nth.checked_sub(BRANDS.len()) {
        None => turn(BRANDS, nth).to_owned(),
        Some(nth) => {
            let (start, end, round) = pair(nth, BRAND_STARTS, BRAND_ENDS);
            let house = turn(HOUSES, round);
            numbered(format!("{start}{end}{house}"), round / HOUSES.len())
        }
    };
    let (home, town, since) = (
        Department::of(nth).name,
        *dice.pick(TOWNS),
        dice.between(1893, 2021),
    );
    let description = match dice.between(0, 5) {
        0 | 1 => Some(format!("{home} from {town}, since {since}.")),
        2 => Some(format!(
            "Family company in {town}, known for its {}.",
            home.to_lowercase()
        )),
        3 => Some(format!("Designed in {town}, built to last.")),
        _ => None,
    };
    (name, description)
}

const SUPPLIERS: &[&str] = &[
    "Tech Distributors Inc.",
    "Nordic Wholesale ApS",
    "Müller & Söhne Großhandel GmbH",
    "Água Azul Importações Lda.",
    "Žižkov Velkoobchod s.r.o.",
    "Harbour Street Trading Ltd.",
    "Baltik Kaubad OÜ",
    "Comptoir du Rhône SARL",
    "Greenfield Supply Co.",
    "Παπαδάκης Εμπορική Α.Ε.",
    "Северный Склад",
    "Lowlands Logistics B.V.",
    "Casa Peñalara S.L.",
    "Ærø Engros A/S",
    "Pacific Rim Components LLC",
];

const REGIONS: &[&str] = &[
    "Adriatic",
    "Alpine",
    "Atlantic",
    "Baltic",
    "Bay Area",
    "Black Forest",
    "Bohemian",
    "Bosphorus",
    "Celtic",
    "Coastal",
    "Continental",
    "Danube",
    "Delta",
    "Eastgate",
    "Fjord",
    "Harbour",
    "Highland",
    "Iberian",
    "Island",
    "Lakeside",
    "Levant",
    "Lowland",
    "Meridian",
    "Midland",
    "Nordland",
    "Northgate",
    "Öresund",
    "Pacific",
    "Riverside",
    "Southgate",
    "Valley",
    "Westgate",
];

const TRADES: &[&str] = &[
    "Wholesale",
    "Distribution",
    "Trading",
    "Imports",
    "Supply",
    "Logistics",
    "Electronics",
    "Home Goods",
    "Components",
    "Household",
    "Hardware",
    "Provisions",
];

const FORMS: &[&str] = &[
    "Inc.", "Ltd.", "GmbH", "B.V.", "A/S", "S.A.", "AB", "LLC", "s.r.o.", "Oy",
];

const TERMS: &[&str] = &[
    "International supplier",
    "Delivers on Tuesdays and Fridays.",
    "Minimum order 250.00, free delivery above 600.00.",
    "Payment within 30 days.",
    "Call before noon for delivery the next day.",
    "Regional supplier, own lorries.",
    "Two per cent off when paid within ten days.",
    "Slow in August: order early.",
];

/// Invented companies; three of four have a note on how they deliver.
pub(super) fn supplier(dice: &mut Dice, nth: usize) -> (String, Option<String>) {
    let name = match nth.checked_sub(SUPPLIERS.len()) {
        None => turn(SUPPLIERS, nth).to_owned(),
        Some(nth) => {
            let (region, trade, round) = pair(nth, REGIONS, TRADES);
            // One further in each round, so that no pair meets the same form twice.
            let form = turn(FORMS, nth % (REGIONS.len() * TRADES.len()) + round);
            numbered(format!("{region} {trade} {form}"), round / FORMS.len())
        }
    };
    (name, dice.chance(75).then(|| (*dice.pick(TERMS)).to_owned()))
}

/// How the goods of a department are spoken of: nobody gives a warranty on soap.
pub(super) struct Manner {
    /// Model lines, between the brand and the kind of goods.
    pub(super) lines: &'static [&'static str],
    /// What is added to a description.
    pub(super) notes: &'static [&'static str],
}

pub(super) static TECHNICAL: Manner = Manner {
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

pub(super) static HOMELY: Manner = Manner {
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
        "Created in small batches.",
        "Returns within 30 days.",
        "Kind to the hands and to the purse.",
        "Recyclable.",
        "Also sold by the box.",
    ],
};

const PRAISE: &[&str] = &[
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

/// A short description of a product, in human sentences.
pub(super) fn praise(dice: &mut Dice, manner: &Manner) -> String {
    let praise = *dice.pick(PRAISE);
    if dice.chance(60) {
        format!("{praise} {}", dice.pick(manner.notes))
    } else {
        praise.to_owned()
    }
}

/// The nth pair of two lists, far from its neighbours, and how often all pairs have been used up before it.
fn pair<'a>(nth: usize, starts: &[&'a str], ends: &[&'a str]) -> (&'a str, &'a str, usize) {
    // A prime above both lengths shares no factor with their product: in each round every pair comes once.
    const STRIDE: usize = 7_919;
    let pairs = starts.len() * ends.len();
    let at = nth % pairs * STRIDE % pairs;
    (turn(starts, at / ends.len()), turn(ends, at), nth / pairs)
}

/// The nth word, going round and round.
#[expect(clippy::indexing_slicing, reason = "a remainder is within")]
fn turn<'a>(words: &[&'a str], nth: usize) -> &'a str {
    words[nth % words.len()]
}

/// The name itself, then "name 2", "name 3": the end of every list of names.
fn numbered(name: String, round: usize) -> String {
    if round == 0 {
        name
    } else {
        format!("{name} {}", round + 1)
    }
}
