"""The configuration file for one company, as text. Pure."""

from difflib import unified_diff

from monitor.company_setup.form import PATH, CompanyForm
from monitor.company_setup.toml_text import table_text


def draft_text(form: CompanyForm) -> str:
    """Return the file. What was not chosen yet is left out."""
    home = ("companies", form.key)
    return f"{table_text(home, form.company())}\n{table_text((*home, 'paths', PATH), form.path())}"


def draft_diff(name: str, text: str) -> str:
    """Return the file as a unified diff against nothing: it is new."""
    lines = unified_diff([], text.splitlines(), "/dev/null", name, lineterm="")
    return "\n".join(lines) + "\n"
