//! Markdown tables, so that a page can hold them as they were printed.

/// Prints a table: the first column is text, the others are figures.
pub(crate) fn print<const N: usize>(heads: [&str; N], rows: &[[String; N]]) {
    println!("\n| {} |", heads.join(" | "));
    let rule: Vec<&str> = (0..N).map(|column| if column == 0 { "---" } else { "---:" }).collect();
    println!("|{}|", rule.join("|"));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}

/// A figure, or a dash if there is none.
pub(crate) fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// One figure divided by another, or a dash if one is missing.
pub(crate) fn ratio(value: Option<f64>, of: Option<f64>) -> String {
    cell(value.zip(of).map(|(value, of)| value / of), 2)
}

/// An error with its causes, for a cell or a line.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}").replace(['\n', '|'], " ");
    text.chars().take(160).collect()
}
