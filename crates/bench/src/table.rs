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

/// An error with its causes, for a cell or a line.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}").replace(['\n', '|'], " ");
    text.chars().take(160).collect()
}
