"""Which classes there are: names, ontology, families, translations, caption words."""
