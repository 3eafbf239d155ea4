//! The kinds of goods that the shop sells, by department, with sizes and price ranges.

use crate::description::{HOUSEHOLD, Style, TECHNICAL};

/// A main category and its goods.
pub(crate) struct Department {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Index in [`DEPARTMENTS`] of a second department in which its brands are sold.
    pub(crate) related: usize,
    pub(crate) style: &'static Style,
    /// Colours, materials and other variants, one of which can end a title, after a comma.
    pub(crate) finishes: &'static [&'static str],
    pub(crate) goods: &'static [Good],
}

impl Department {
    /// Returns the department of the nth category or brand.
    #[expect(clippy::indexing_slicing, reason = "the remainder is less than the length")]
    pub(crate) fn nth(nth: usize) -> &'static Self {
        &DEPARTMENTS[nth % DEPARTMENTS.len()]
    }
}

/// A kind of goods.
pub(crate) struct Good {
    pub(crate) noun: &'static str,
    /// From the cheapest to the most expensive.
    pub(crate) sizes: &'static [&'static str],
    /// The selling price of the first size, in whole units.
    pub(crate) low: i64,
    /// The selling price of the last size, in whole units.
    pub(crate) high: i64,
}

const fn good(noun: &'static str, low: i64, high: i64, sizes: &'static [&'static str]) -> Good {
    Good {
        noun,
        sizes,
        low,
        high,
    }
}

/// The main categories. Further categories are ranges within them.
pub(crate) static DEPARTMENTS: [Department; 14] = [
    Department {
        name: "Lighting",
        about: "Lamps, bulbs and everything that makes light.",
        related: 10,
        style: &TECHNICAL,
        finishes: &[
            "white",
            "black",
            "brass",
            "satin",
            "copper",
            "brushed steel",
            "matt white",
        ],
        goods: &[
            good("LED Desk Lamp", 25, 79, &["8 W", "10 W", "12 W", "15 W"]),
            good("Floor Lamp", 59, 189, &["130 cm", "150 cm", "170 cm"]),
            good("Pendant Lamp", 39, 149, &["25 cm", "35 cm", "45 cm", "60 cm"]),
            good("LED Bulb E27", 3, 12, &["5 W", "7 W", "9 W", "11 W", "15 W"]),
            good("Filament Bulb E14", 4, 11, &["2 W", "4 W", "6 W"]),
            good("LED Strip", 12, 49, &["2 m", "3 m", "5 m", "10 m"]),
            good("Solar Garden Light", 9, 35, &["single", "set of 2", "set of 4"]),
        ],
    },
    Department {
        name: "Computer Accessories",
        about: "Keyboards, mice, stands and other things around the desk's computer.",
        related: 8,
        style: &TECHNICAL,
        finishes: &["black", "white", "graphite", "silver", "rose"],
        goods: &[
            good("Wireless Mouse", 15, 59, &["800 DPI", "1600 DPI", "3200 DPI"]),
            good("Mechanical Keyboard", 49, 149, &["60 %", "75 %", "full size"]),
            good(
                "USB-C Hub",
                25,
                99,
                &["4 ports", "6 ports", "8 ports", "11 ports"],
            ),
            good("Laptop Stand", 22, 69, &["13\"", "15\"", "17\""]),
            good("Portable SSD", 59, 249, &["500 GB", "1 TB", "2 TB", "4 TB"]),
            good("Monitor", 129, 449, &["24\"", "27\"", "32\"", "34\""]),
            good("Webcam", 29, 119, &["720p", "1080p", "4K"]),
        ],
    },
    Department {
        name: "Audio",
        about: "Headphones, loudspeakers, microphones.",
        related: 8,
        style: &TECHNICAL,
        finishes: &["black", "white", "midnight blue", "graphite", "sand"],
        goods: &[
            good("Over-Ear Headphones", 49, 249, &["32 Ω", "80 Ω", "250 Ω"]),
            good("Wireless Earbuds", 29, 159, &["5 h", "8 h", "12 h"]),
            good("Bluetooth Speaker", 25, 199, &["5 W", "10 W", "20 W", "40 W"]),
            good(
                "Bookshelf Speakers",
                99,
                399,
                &["2 × 25 W", "2 × 50 W", "2 × 80 W"],
            ),
            good("Soundbar", 89, 349, &["60 cm", "80 cm", "100 cm"]),
            good("USB Microphone", 39, 139, &["48 kHz", "96 kHz", "192 kHz"]),
            good("Turntable", 119, 329, &["2 speeds", "3 speeds"]),
        ],
    },
    Department {
        name: "Kitchenware",
        about: "Pans, knives, bowls and tools for people who cook.",
        related: 11,
        style: &HOUSEHOLD,
        finishes: &["stainless", "black", "cream", "copper", "cherry red", "bamboo"],
        goods: &[
            good("Frying Pan", 24, 89, &["20 cm", "24 cm", "28 cm", "32 cm"]),
            good("Stock Pot", 34, 109, &["3 l", "5 l", "8 l", "12 l"]),
            good("Chef's Knife", 19, 119, &["16 cm", "18 cm", "20 cm", "23 cm"]),
            good("Mixing Bowl", 8, 29, &["1 l", "2 l", "3 l", "5 l"]),
            good("Cutting Board", 12, 49, &["small", "medium", "large"]),
            good("Baking Tray", 9, 27, &["33 cm", "38 cm", "42 cm"]),
            good("Food Container", 5, 25, &["0.5 l", "1 l", "2 l", "set of 5"]),
        ],
    },
    Department {
        name: "Tools",
        about: "Hand and power tools for workshop and site.",
        related: 5,
        style: &TECHNICAL,
        finishes: &["with case", "bare", "with belt clip", "two-component grip"],
        goods: &[
            good("Cordless Drill", 69, 219, &["12 V", "18 V", "20 V"]),
            good("Claw Hammer", 12, 39, &["300 g", "450 g", "600 g"]),
            good("Screwdriver Set", 14, 59, &["6 pieces", "12 pieces", "32 pieces"]),
            good("Combination Pliers", 11, 34, &["160 mm", "180 mm", "200 mm"]),
            good("Spirit Level", 13, 69, &["40 cm", "60 cm", "100 cm", "200 cm"]),
            good("Angle Grinder", 49, 169, &["115 mm", "125 mm", "230 mm"]),
            good("Tape Measure", 5, 24, &["3 m", "5 m", "8 m"]),
        ],
    },
    Department {
        name: "Garden",
        about: "Tools, pots and water for everything that grows.",
        related: 4,
        style: &HOUSEHOLD,
        finishes: &[
            "green",
            "anthracite",
            "professional",
            "weatherproof",
            "value pack",
        ],
        goods: &[
            good("Garden Hose", 19, 79, &["10 m", "20 m", "30 m", "50 m"]),
            good("Pruning Shears", 12, 54, &["18 cm", "21 cm", "23 cm"]),
            good("Watering Can", 9, 39, &["2 l", "5 l", "10 l", "14 l"]),
            good("Flower Pot", 4, 49, &["12 cm", "18 cm", "24 cm", "40 cm"]),
            good("Leaf Rake", 14, 36, &["16 tines", "20 tines", "24 tines"]),
            good("Potting Soil", 5, 19, &["10 l", "20 l", "40 l"]),
            good("Hedge Trimmer", 59, 199, &["45 cm", "55 cm", "65 cm"]),
        ],
    },
    Department {
        name: "Office Supplies",
        about: "Paper, pens, folders and what else an office uses up.",
        related: 7,
        style: &HOUSEHOLD,
        finishes: &["blue", "black", "red", "assorted", "pastel", "recycled"],
        goods: &[
            good("Notebook", 3, 19, &["A6", "A5", "A4"]),
            good("Gel Pen", 2, 22, &["0.5 mm", "0.7 mm", "pack of 5", "pack of 12"]),
            good("Copy Paper", 6, 39, &["500 sheets", "1000 sheets", "2500 sheets"]),
            good("Lever Arch File", 3, 29, &["5 cm", "8 cm", "pack of 10"]),
            good("Sticky Notes", 2, 14, &["pack of 3", "pack of 6", "pack of 12"]),
            good("Desk Organiser", 11, 44, &["3 trays", "5 trays", "7 trays"]),
            good(
                "Whiteboard",
                24,
                139,
                &["60 × 45 cm", "90 × 60 cm", "120 × 90 cm"],
            ),
        ],
    },
    Department {
        name: "Storage",
        about: "Boxes, shelves and racks: a place for each thing.",
        related: 6,
        style: &HOUSEHOLD,
        finishes: &["clear", "white", "birch", "grey", "black", "natural"],
        goods: &[
            good("Storage Box", 5, 34, &["5 l", "15 l", "30 l", "60 l"]),
            good("Steel Shelf", 39, 149, &["3 boards", "4 boards", "5 boards"]),
            good("Wall Hook", 3, 17, &["single", "set of 3", "set of 6"]),
            good(
                "Drawer Cabinet",
                29,
                129,
                &["9 drawers", "16 drawers", "32 drawers"],
            ),
            good("Shoe Rack", 19, 69, &["2 tiers", "3 tiers", "4 tiers"]),
            good("Laundry Basket", 14, 54, &["40 l", "60 l", "90 l"]),
            good("Pegboard", 17, 64, &["40 cm", "60 cm", "100 cm"]),
        ],
    },
    Department {
        name: "Cables & Chargers",
        about: "Power and signals from here to there.",
        related: 1,
        style: &TECHNICAL,
        finishes: &["black", "white", "braided grey", "red", "space blue"],
        goods: &[
            good("USB-C Cable", 5, 24, &["0.5 m", "1 m", "2 m", "3 m"]),
            good("HDMI Cable", 6, 45, &["1 m", "2 m", "5 m", "10 m"]),
            good("Network Cable Cat 6", 3, 39, &["1 m", "3 m", "10 m", "25 m"]),
            good("Wall Charger", 12, 69, &["20 W", "45 W", "65 W", "100 W"]),
            good("Power Bank", 17, 79, &["5000 mAh", "10000 mAh", "20000 mAh"]),
            good("Extension Lead", 8, 39, &["1.5 m", "3 m", "5 m", "10 m"]),
            good(
                "Rechargeable Batteries AA",
                7,
                29,
                &["pack of 2", "pack of 4", "pack of 8"],
            ),
        ],
    },
    Department {
        name: "Sports & Outdoors",
        about: "For the gym, the trail and the lake.",
        related: 5,
        style: &TECHNICAL,
        finishes: &[
            "black",
            "white",
            "grey",
            "navy",
            "forest green",
            "red",
            "sand",
            "petrol",
        ],
        goods: &[
            good("Yoga Mat", 15, 69, &["4 mm", "6 mm", "8 mm"]),
            good("Water Bottle", 9, 36, &["500 ml", "750 ml", "1 l"]),
            good("Hiking Backpack", 39, 189, &["18 l", "25 l", "40 l", "60 l"]),
            good("Sleeping Bag", 45, 229, &["+10 °C", "0 °C", "-10 °C"]),
            good("Tent", 79, 399, &["1 person", "2 persons", "4 persons"]),
            good("Dumbbell", 8, 79, &["2 kg", "5 kg", "10 kg", "20 kg"]),
            good("Head Torch", 14, 74, &["150 lm", "300 lm", "600 lm"]),
        ],
    },
    Department {
        name: "Home Textiles",
        about: "Towels, linen, cushions, curtains.",
        related: 0,
        style: &HOUSEHOLD,
        finishes: &[
            "linen",
            "white",
            "dusty rose",
            "sage",
            "indigo",
            "striped",
            "ochre",
        ],
        goods: &[
            good(
                "Bath Towel",
                9,
                39,
                &["50 × 100 cm", "70 × 140 cm", "100 × 150 cm"],
            ),
            good(
                "Duvet Cover",
                29,
                119,
                &["135 × 200 cm", "155 × 220 cm", "200 × 220 cm"],
            ),
            good("Cushion", 12, 44, &["40 cm", "50 cm", "60 cm"]),
            good("Wool Blanket", 39, 139, &["130 × 170 cm", "140 × 200 cm"]),
            good("Blackout Curtain", 24, 89, &["175 cm", "225 cm", "260 cm"]),
            good("Tea Towel", 3, 18, &["single", "set of 2", "set of 4"]),
            good(
                "Cotton Rug",
                19,
                159,
                &["60 × 90 cm", "80 × 150 cm", "160 × 230 cm"],
            ),
        ],
    },
    Department {
        name: "Small Appliances",
        about: "Kettles, mixers, fans: small machines with a plug.",
        related: 3,
        style: &TECHNICAL,
        finishes: &["white", "black", "stainless", "mint", "cream", "red"],
        goods: &[
            good("Electric Kettle", 24, 89, &["1 l", "1.5 l", "1.7 l"]),
            good("Toaster", 25, 99, &["2 slices", "4 slices"]),
            good("Hand Mixer", 22, 79, &["300 W", "450 W", "600 W"]),
            good("Stand Blender", 39, 189, &["500 W", "800 W", "1200 W"]),
            good("Desk Fan", 19, 69, &["20 cm", "30 cm", "40 cm"]),
            good("Air Fryer", 69, 219, &["3.5 l", "5 l", "7 l"]),
            good("Steam Iron", 29, 109, &["2000 W", "2400 W", "3000 W"]),
        ],
    },
    Department {
        name: "Coffee & Tea",
        about: "Beans, leaves and what it takes to brew them.",
        related: 3,
        style: &HOUSEHOLD,
        finishes: &[
            "classic",
            "gift box",
            "winter edition",
            "fair trade",
            "house selection",
        ],
        goods: &[
            good("Espresso Beans", 8, 39, &["250 g", "500 g", "1 kg"]),
            good("Filter Coffee", 6, 32, &["250 g", "500 g", "1 kg"]),
            good("Earl Grey", 4, 24, &["20 bags", "100 g", "250 g"]),
            good("Green Tea Sencha", 5, 29, &["20 bags", "100 g", "250 g"]),
            good("French Press", 17, 54, &["350 ml", "600 ml", "1 l"]),
            good("Moka Pot", 19, 59, &["3 cups", "6 cups", "9 cups"]),
            good("Café au Lait Bowl", 7, 34, &["single", "set of 2", "set of 4"]),
        ],
    },
    Department {
        name: "Cleaning",
        about: "Soap, brushes, bags and cloths.",
        related: 10,
        style: &HOUSEHOLD,
        finishes: &[
            "lemon",
            "lavender",
            "unscented",
            "sensitive",
            "concentrate",
            "refill",
        ],
        goods: &[
            good("Dish Soap", 2, 14, &["500 ml", "1 l", "5 l"]),
            good(
                "Laundry Detergent",
                5,
                34,
                &["20 washes", "40 washes", "100 washes"],
            ),
            good("All-Purpose Cleaner", 3, 19, &["750 ml", "1 l", "5 l"]),
            good(
                "Microfibre Cloth",
                3,
                17,
                &["pack of 3", "pack of 5", "pack of 10"],
            ),
            good("Bin Bags", 3, 16, &["20 l", "35 l", "60 l", "120 l"]),
            good("Floor Mop", 14, 49, &["35 cm", "42 cm", "50 cm"]),
            good("Hand Soap", 2, 15, &["250 ml", "500 ml", "1 l"]),
        ],
    },
];
