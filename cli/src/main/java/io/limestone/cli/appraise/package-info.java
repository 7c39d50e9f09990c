/** {@code limestone appraise}: evidence in files, judged offline as the server judges it. */
@NullMarked
package io.limestone.cli.appraise;

import org.jspecify.annotations.NullMarked;
