"""JSON Schema or plain values -> the fields of a form; what people entered -> validated values: pure."""

from engine.forms.complaints import NEEDED, complaints
from engine.forms.fields import MISSING, Field, FieldKind, Form, Missing, readable
from engine.forms.making import form_from_schema, form_from_values
from engine.forms.reading import entries, read_form
from engine.forms.schemas import check_schema

__all__ = [
    "MISSING",
    "NEEDED",
    "Field",
    "FieldKind",
    "Form",
    "Missing",
    "check_schema",
    "complaints",
    "entries",
    "form_from_schema",
    "form_from_values",
    "read_form",
    "readable",
]
