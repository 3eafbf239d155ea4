//! Names of categories, brands and suppliers, each with an optional description.
//!
//! Each list starts with names written by hand and continues with composed ones, for any count. Some are in other
//! alphabets, to try searches with them. All brands and suppliers are invented.

use crate::department::{DEPARTMENTS, Department};
use crate::rng::Rng;

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

/// The nth category: first the departments, then their ranges. Example: "Lighting – Premium".
pub(crate) fn category(_: &mut Rng, nth: usize) -> (String, Option<String>) {
    let department = Department::nth(nth);
    let Some(nth_range) = (nth / DEPARTMENTS.len()).checked_sub(1) else {
        return (department.name.to_owned(), Some(department.about.to_owned()));
    };
    let range = cycle(RANGES, nth_range);
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

/// In the order of the departments to which the brands belong.
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

const SUFFIXES: &[&str] = &["", " Works", " Living", " & Co.", " Studio", " Home", " Atelier"];

const TOWNS: &[&str] = &[
    "Aarhus", "Bergen", "Brno", "Ghent", "Graz", "Gdańsk", "Kaunas", "Leeds", "Lyon", "Malmö", "Porto",
    "Tartu", "Turin", "Utrecht", "Zürich",
];

/// The nth brand. Two of three have a description.
pub(crate) fn brand(rng: &mut Rng, nth: usize) -> (String, Option<String>) {
    let name = match nth.checked_sub(BRANDS.len()) {
        None => cycle(BRANDS, nth).to_owned(),
        Some(nth) => {
            let (start, end, round) = pair(nth, BRAND_STARTS, BRAND_ENDS);
            let suffix = cycle(SUFFIXES, round);
            numbered(format!("{start}{end}{suffix}"), round / SUFFIXES.len())
        }
    };
    let (department, town, since) = (
        Department::nth(nth).name,
        *rng.pick(TOWNS),
        rng.between(1893, 2021),
    );
    let description = match rng.between(0, 5) {
        0 | 1 => Some(format!("{department} from {town}, since {since}.")),
        2 => Some(format!(
            "Family company in {town}, known for its {}.",
            department.to_lowercase()
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

/// The nth supplier. Three of four have a description.
pub(crate) fn supplier(rng: &mut Rng, nth: usize) -> (String, Option<String>) {
    let name = match nth.checked_sub(SUPPLIERS.len()) {
        None => cycle(SUPPLIERS, nth).to_owned(),
        Some(nth) => {
            let (region, trade, round) = pair(nth, REGIONS, TRADES);
            // Shifted by one in each round, so that no pair gets the same form twice.
            let form = cycle(FORMS, nth % (REGIONS.len() * TRADES.len()) + round);
            numbered(format!("{region} {trade} {form}"), round / FORMS.len())
        }
    };
    (name, rng.chance(75).then(|| (*rng.pick(TERMS)).to_owned()))
}

/// Returns the nth pair of words from two lists, and the number of times that all pairs have been used before it.
/// Consecutive pairs differ in both words.
fn pair<'a>(nth: usize, starts: &[&'a str], ends: &[&'a str]) -> (&'a str, &'a str, usize) {
    // A prime greater than both lengths shares no factor with their product, so each pair occurs once in each round.
    const STRIDE: usize = 7_919;
    let pairs = starts.len() * ends.len();
    let at = nth % pairs * STRIDE % pairs;
    (cycle(starts, at / ends.len()), cycle(ends, at), nth / pairs)
}

/// Returns the nth word, starting again after the last.
#[expect(clippy::indexing_slicing, reason = "the remainder is less than the length")]
fn cycle<'a>(words: &[&'a str], nth: usize) -> &'a str {
    words[nth % words.len()]
}

/// Returns the name in the first round, and "name 2", "name 3" and so on in later ones.
fn numbered(name: String, round: usize) -> String {
    if round == 0 {
        name
    } else {
        format!("{name} {}", round + 1)
    }
}
