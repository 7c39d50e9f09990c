package io.limestone.appraisal;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.InstantSource;
import java.util.Random;

/** The functional core: arrows point down only, and nothing in it touches the world. */
@AnalyzeClasses(
    packages = {
      "io.limestone.wire",
      "io.limestone.tpm",
      "io.limestone.evidence",
      "io.limestone.policy",
      "io.limestone.appraisal"
    },
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule ARROWS_POINT_DOWN =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("wire")
          .definedBy("io.limestone.wire..")
          .layer("tpm")
          .definedBy("io.limestone.tpm..")
          .layer("evidence")
          .definedBy("io.limestone.evidence..")
          .layer("policy")
          .definedBy("io.limestone.policy..")
          .layer("appraisal")
          .definedBy("io.limestone.appraisal..")
          .whereLayer("appraisal")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("policy")
          .mayOnlyBeAccessedByLayers("appraisal")
          .whereLayer("evidence")
          .mayOnlyBeAccessedByLayers("policy", "appraisal")
          .whereLayer("tpm")
          .mayOnlyBeAccessedByLayers("evidence", "policy", "appraisal");

  @ArchTest
  static final ArchRule JUDGING_TOUCHES_NO_FILE_SOCKET_OR_DATABASE =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.limestone.evidence..", "io.limestone.policy..", "io.limestone.appraisal..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.net..", "java.nio.file..", "java.nio.channels..", "java.sql..")
          .orShould()
          .dependOnClassesThat()
          .haveNameMatching("java\\.io\\.(File|RandomAccessFile|Console).*");

  @ArchTest
  static final ArchRule JUDGING_KNOWS_NO_TIME_AND_NO_CHANCE =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.limestone.evidence..", "io.limestone.policy..", "io.limestone.appraisal..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Random.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Clock.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(InstantSource.class)
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod("java.time.Instant", "now")
          .orShould()
          .callMethod(Thread.class, "start")
          .orShould()
          .callMethod(System.class, "getenv", String.class)
          .orShould()
          .callMethod(System.class, "getProperty", String.class);
}
