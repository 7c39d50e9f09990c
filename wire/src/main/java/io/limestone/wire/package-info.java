/**
 * Reading bytes that an attacker wrote: a bounds-checked binary cursor, strict JSON, strict hex and
 * base64. Everything that cannot be read ends in one exception, {@link
 * io.limestone.wire.MalformedException}.
 */
@NullMarked
package io.limestone.wire;

import org.jspecify.annotations.NullMarked;
