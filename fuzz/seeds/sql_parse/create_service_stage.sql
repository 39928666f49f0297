create service s in compute pool p from '@\"DB\".\"SC\".\"ST\"/p q' specification_template_file='f.yaml' using (a=>1);
create service t in compute pool p from @db.sc.st/dir/x-y SPEC='f.yaml' LOG_LEVEL=INFO
