//! One row of figures, as one run of one scenario against one target gives it.
//!
//! Not here: medians and how it is printed (`report`).

/// What a figure is of: its heading, unit included, and how many digits after
/// the point are worth printing.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Quantity {
    pub heading: &'static str,
    pub decimals: usize,
}

macro_rules! quantities {
    ($($name:ident = $heading:literal, $decimals:literal;)*) => {
        $(pub const $name: Quantity = Quantity { heading: $heading, decimals: $decimals };)*
    };
}

quantities! {
    DELIVERIES = "deliveries/s", 0;
    CPU_PER_DELIVERY = "CPU us/delivery", 3;
    SERVER_CPU = "server core %", 1;
    LOAD_CPU = "load core %", 1;
    OTHERS_CPU = "others core %", 1;
    P50 = "p50 ms", 2;
    P99 = "p99 ms", 2;
    P999 = "p99.9 ms", 2;
    BYTES = "B/delivery", 0;
    RSS_BEFORE = "RSS before KiB", 0;
    RSS_AFTER = "RSS after KiB", 0;
    PER_CONNECTION = "KiB/connection", 2;
    ANONYMOUS = "of it anonymous", 2;
    CPU_PER_JOIN = "CPU us/join", 1;
    IDLE_CPU = "idle core %", 2;
}

/// Figures in the order in which they are shown.
pub struct Measurement {
    pub scenario: String,
    pub target: &'static str,
    pub values: Vec<(Quantity, f64)>,
}

impl Measurement {
    pub fn value(&self, wanted: Quantity) -> Option<f64> {
        let found = self.values.iter().find(|(quantity, _)| *quantity == wanted);
        found.map(|(_, value)| *value)
    }
}
