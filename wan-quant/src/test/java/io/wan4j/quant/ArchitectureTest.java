package io.wan4j.quant;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void converterKnowsFilesAndTensorsButNeitherModelsNorDevices() {
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.wan4j.quant");
        noClasses()
                .that()
                .resideInAPackage("io.wan4j.quant")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.wan4j",
                        "io.wan4j.spi..",
                        "io.wan4j.ops..",
                        "io.wan4j.dry..",
                        "io.wan4j.cpu..",
                        "io.wan4j.model..",
                        "io.wan4j.pipeline..",
                        "io.wan4j.scheduler..")
                .check(classes);
    }
}
