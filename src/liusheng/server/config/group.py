"""What every group of settings is made of."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Group(BaseModel):
    """A table of settings."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )


def split(value: Any) -> Any:
    """Return the list in a string, as flags and environment variables have it: `a,b` or JSON."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"is not a JSON list ({error.msg})") from None
    return [part.strip() for part in text.split(",") if part.strip()]


Models = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(split)]
"""Names of models in the catalogue, or folders."""
