package io.limestone.cli.appraise;

import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.ReferenceValues;

/** Everything that one offline judgement takes. */
record Case(Evidence evidence, ReferenceValues reference, AttestationState before) {}
