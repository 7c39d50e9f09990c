/**
 * What a TPM 2.0 sends, by the TCG's grammar and names: public areas and Names, signatures, quotes
 * and certifications with their verification, and credentials. Pure: bytes in, values out.
 */
@NullMarked
package io.limestone.tpm;

import org.jspecify.annotations.NullMarked;
