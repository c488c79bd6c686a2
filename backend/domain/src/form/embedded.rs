//! The definitions that come with the program.

use super::definition::Definitions;
use super::load::LoadError;

const DICTIONARY: &str = include_str!("../../data/dictionary.json");
const CODES: &str = include_str!("../../data/codes.json");
const REGIONS: &str = include_str!("../../data/regions.json");

/// Every form version ever published; a new one is added here, an old one is never changed.
const FORMS: [(&str, &str); 3] = [
    ("V01.1", include_str!("../../data/forms/V01.1.json")),
    ("V02.1", include_str!("../../data/forms/V02.1.json")),
    ("V03.1", include_str!("../../data/forms/V03.1.json")),
];

impl Definitions {
    /// Loads and checks the definitions that come with the program.
    pub fn embedded() -> Result<Definitions, LoadError> {
        Definitions::load(DICTIONARY, CODES, &FORMS, REGIONS)
    }
}
