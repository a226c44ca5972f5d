import { spawnSync } from 'node:child_process';
import type { ParsedFamily } from './parse-exposition.ts';

const PYTHON = '/usr/bin/python3';
const MAX_OUTPUT = 1 << 28;

/** Whether Debian's Python client for Prometheus is installed. */
export const hasPythonClient: boolean =
  spawnSync(PYTHON, ['-c', 'import prometheus_client.openmetrics.parser']).status === 0;

/** Runs a Python program on a JSON input; it prints JSON. Throws with Python's own message where it fails. */
export function runPython(program: string, input: unknown): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', program], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
    env: { PYTHONIOENCODING: 'utf-8' },
  });
  if (status !== 0) {
    throw new Error(`python3 ended with ${status}: ${stderr.slice(-4000)}`);
  }
  return JSON.parse(stdout);
}

const PARSE = `
import json, sys
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as text

def number(value):
    return repr(float(value))

def sample(s):
    e = s.exemplar
    return {"name": s.name, "labels": s.labels, "value": number(s.value),
            "exemplar": e and {"labels": e.labels, "value": number(e.value), "timestamp": number(e.timestamp)}}

def read(document):
    parser = openmetrics if document["format"] == "openmetrics" else text
    return [{"name": f.name, "type": f.type, "help": f.documentation, "samples": [sample(s) for s in f.samples]}
            for f in parser.text_string_to_metric_families(document["text"])]

def attempt(document):
    try:
        return {"families": read(document)}
    except Exception as error:
        return {"error": repr(error)}

print(json.dumps([attempt(d) for d in json.load(sys.stdin)]))
`;

export interface Document {
  readonly format: 'text' | 'openmetrics';
  readonly text: string;
}

/** Parses many documents in one Python process, with the client's strict OpenMetrics parser or its text parser. */
export function parseWithPython(documents: readonly Document[]): ParsedFamily[][] {
  const results = runPython(PARSE, documents) as { families?: unknown; error?: string }[];
  return results.map(({ families, error }, index) => {
    if (error !== undefined) {
      throw new Error(`${error} in\n${documents[index]?.text}`);
    }
    return JSON.parse(JSON.stringify(families), (key, value) =>
      (key === 'value' || key === 'timestamp') && typeof value === 'string' ? fromRepr(value) : value,
    );
  });
}

function fromRepr(text: string): number {
  const numbers: Readonly<Record<string, number>> = { inf: Infinity, '-inf': -Infinity, nan: Number.NaN };
  return numbers[text] ?? Number(text);
}
