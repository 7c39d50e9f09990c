@NullMarked
package io.limestone.appraisal.endorsement;

import org.jspecify.annotations.NullMarked;
