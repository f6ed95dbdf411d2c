"""JSON Schema or plain values -> the fields of a form; what people entered -> validated values: pure."""

from engine.forms.changes import changed_fields, changed_values, form_keys, initial_values
from engine.forms.fields import MISSING, Field, FieldKind, Form, Missing, readable
from engine.forms.making import form_from_schema, form_from_values
from engine.forms.reading import active_fields, check_entries, entries, read_form
from engine.forms.references import moved
from engine.forms.schemas import check_schema
from engine.forms.sentences import NEEDED, misfit
from engine.forms.storing import TOO_DEEP, unstorable

__all__ = [
    "MISSING",
    "NEEDED",
    "TOO_DEEP",
    "Field",
    "FieldKind",
    "Form",
    "Missing",
    "active_fields",
    "changed_fields",
    "changed_values",
    "check_entries",
    "check_schema",
    "entries",
    "form_from_schema",
    "form_from_values",
    "form_keys",
    "initial_values",
    "misfit",
    "moved",
    "read_form",
    "readable",
    "unstorable",
]
