"""Collection files that several test files use, as text."""

JOBS = """\
$schema: https://json-schema.org/draft/2020-12/schema
title: Job
description: One job posting.
type: object
required: [title, company, source]
properties:
  title:       { type: string, minLength: 2, maxLength: 200 }
  company:     { type: string, minLength: 1 }
  description: { type: string, maxLength: 20000 }
  location:    { type: string }
  salary_min:  { type: number, minimum: 0 }
  salary_max:  { type: number, minimum: 0 }
  source:      { type: string, enum: [brightermonday, linkedin, jobwebkenya] }
  posted_at:   { type: string, format: date-time }
  url:         { type: string }
x-kazi:
  trim:   [title]
  embed:  [title, company, location, description]
  filter: [company, location, salary_min, salary_max, source, posted_at]
  key:    [source, url]
  rules:
    - check: salary_min <= salary_max
      message: salary_min must be <= salary_max
"""

EVENTS = """\
$schema: https://json-schema.org/draft/2020-12/schema
title: Event
type: object
required: [type, timestamp, payload]
properties:
  type:      { type: string, minLength: 1 }
  timestamp: { type: string, format: date-time }
  payload:   { type: object }
x-kazi:
  filter: [type, timestamp]
  rules:
    - check: timestamp <= now
      message: timestamp must not be in the future
      error: data_quality
      field: timestamp
"""

# Stored and listed, never embedded: for tests in which vectors do not matter.
JOBS_WITHOUT_VECTORS = "\n".join(line for line in JOBS.splitlines() if not line.startswith("  embed:")) + "\n"

NOTES = """\
$schema: https://json-schema.org/draft/2020-12/schema
title: Note
type: object
required: [text]
properties:
  text: { type: string, minLength: 1 }
  tag:  { type: string }
x-kazi:
  embed:  [text]
  filter: [tag]
"""


def points(dimension=16, metric="cosine"):
    """Records that bring their own vector, with one filter field of each type."""
    return f"""\
$schema: https://json-schema.org/draft/2020-12/schema
title: Point
type: object
required: [label]
properties:
  label:    {{ type: string, minLength: 1 }}
  city:     {{ type: string }}
  size:     {{ type: number }}
  seen_at:  {{ type: string, format: date-time }}
  is_open:  {{ type: boolean }}
  tags:     {{ type: array, items: {{ type: string }} }}
x-kazi:
  vector: {{ dimension: {dimension}, metric: {metric} }}
  filter: [label, city, size, seen_at, is_open, tags]
"""


def job(**fields):
    """A valid posting, with `fields` in place of its own. A field given as `...` is left out."""
    record = {"title": "Data Engineer", "company": "Savanna Analytics", "source": "linkedin"} | fields
    return {name: value for name, value in record.items() if value is not ...}
